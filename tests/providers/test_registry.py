"""The registry of providers: their ids, base URLs and keys."""

import subprocess
import sys
from pathlib import Path

import pytest

from shell.errors import ErrorCode, ProviderError, ValidationFailed
from shell.providers.apis.chat_completions import GOOGLE_CHAT, OPENAI_CHAT
from shell.providers.apis.messages import MESSAGES
from shell.providers.apis.responses import RESPONSES
from shell.providers.base import Provider
from shell.providers.http.api import Api
from shell.providers.http.provider import HttpProvider
from shell.providers.registry import Providers
from shell.providers.testing.replay import ReplayProvider
from tests.providers.collect import a_request, ask
from tests.providers.dialects import Chat, Messages
from tests.providers.fault_server import fault_server
from tests.providers.scenes import streaming

FINE = streaming(*Chat().text("ok"), *Chat().finish())


@pytest.mark.shows("D6", "D7")
def test_everybody_is_here(tmp_path: Path) -> None:
    providers = Providers(tmp_path, {})
    assert list(providers) == ["local", "openai", "anthropic", "google", "echo"]
    for provider_id, provider in providers.items():
        assert provider.id == provider_id
        assert providers.resolve(provider_id) is provider
        typed: Provider = provider
        assert typed.default_model_id
        assert typed.model(typed.default_model_id).id == typed.default_model_id
    assert providers.default_id == "local"


@pytest.mark.shows("B30", "B40")
def test_a_recording_that_the_environment_names_is_played(tmp_path: Path) -> None:
    environ = {"TIDEWIRE_REPLAY_FILE": str(tmp_path / "a.jsonl")}
    assert isinstance(Providers(None, environ).resolve("replay"), ReplayProvider)


def test_an_unknown_provider_is_named_with_those_that_exist() -> None:
    with pytest.raises(ValidationFailed) as raised:
        Providers(None, {}).resolve("gpt")
    text = "Invalid provider ID: gpt. Allowed: local, openai, anthropic, google, echo"
    assert raised.value.issues == [("providerId", text)]


@pytest.mark.shows("B32")
@pytest.mark.parametrize("provider_id", ["openai", "anthropic", "google"])
def test_without_a_key_a_provider_says_so(provider_id: str) -> None:
    with pytest.raises(ProviderError) as raised:
        Providers(None, {}).resolve(provider_id).check()
    assert raised.value.code is ErrorCode.API_KEY_ERROR
    assert raised.value.message == f"No API key configured for provider: {provider_id}"


@pytest.mark.shows("B32", "D44")
@pytest.mark.parametrize(
    ("provider_id", "variable"),
    [
        ("openai", "OPENAI_API_KEY"),
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("google", "GOOGLE_API_KEY"),
        ("google", "GEMINI_API_KEY"),
    ],
)
def test_a_key_comes_from_the_environment(provider_id: str, variable: str) -> None:
    environ = {variable: ""}
    providers = Providers(None, environ)
    with pytest.raises(ProviderError):
        providers[provider_id].check()
    environ[variable] = "some-key"
    providers[provider_id].check()


def test_responses_for_openai_itself_and_chat_for_whoever_stands_in_for_it() -> None:
    def api(provider_id: str, **environ: str) -> Api:
        provider = Providers(None, environ)[provider_id]
        assert isinstance(provider, HttpProvider)
        return provider.api

    assert api("openai") is RESPONSES
    assert api("openai", OPENAI_BASE_URL="http://127.0.0.1:1/v1") is OPENAI_CHAT
    assert api("anthropic") is MESSAGES
    assert api("google") is GOOGLE_CHAT


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("provider_id", "prefix", "path", "suffix"),
    [
        ("openai", "OPENAI", "/v1/chat/completions", "/v1"),
        ("google", "GOOGLE", "/v1beta/openai/chat/completions", "/v1beta/openai"),
        ("google", "GEMINI", "/v1beta/openai/chat/completions/", "/v1beta/openai/"),
        ("anthropic", "ANTHROPIC", "/v1/messages", ""),
    ],
)
async def test_base_urls_come_from_the_environment(
    provider_id: str, prefix: str, path: str, suffix: str
) -> None:
    dialect = Messages() if provider_id == "anthropic" else Chat()
    async with fault_server(streaming(*dialect.text("ok"), *dialect.finish())) as server:
        providers = Providers(
            None, {f"{prefix}_BASE_URL": f"{server.url}{suffix}", f"{prefix}_API_KEY": "a-key"}
        )
        answer = await ask(providers[provider_id], "hi")
        await providers.close()
    assert (answer.text, answer.error) == ("ok", None)
    assert server.requests[0].path == path.rstrip("/")


@pytest.mark.anyio
async def test_google_is_asked_for_its_thoughts_and_they_are_told_from_the_answer() -> None:
    dialect = Chat()
    frames = [
        *dialect.text("<thought>Hm.\n"),
        *dialect.text("</thought>\n\nYes."),
        *dialect.finish(),
    ]
    async with fault_server(streaming(*frames)) as server:
        environ = {"GOOGLE_BASE_URL": server.url, "GOOGLE_API_KEY": "a-key"}
        google = Providers(None, environ)["google"]
        answer = await ask(google, a_request(google, "hi", model="gemini-3.8-flash"))
        await ask(google, a_request(google, "hi", model="gemini-2.0-flash"))
        await google.close()
    assert (answer.reasoning, answer.text) == ("Hm.\n", "Yes.")
    extra_body = {"google": {"thinking_config": {"include_thoughts": True}}}
    assert [request.json.get("extra_body") for request in server.requests] == [extra_body, None]


def test_no_slow_library_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys; from shell.providers.registry import Providers; "
        "p = Providers(None); [p[i].model(p[i].default_model_id) for i in p]; "
        "print({m.partition('.')[0] for m in sys.modules} "
        "& {'httpx2', 'xllamacpp'})"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
