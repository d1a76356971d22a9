"""Endpoints that a person added: stored, read again, used, and without a key in the file."""

import logging
import stat
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from shell.errors import ErrorCode, ProviderError, ShellError, ValidationFailed
from shell.providers.custom import CustomProvider, add, read_added, remove
from shell.providers.key_variables import FILE
from shell.providers.registry import Providers
from shell.support.environment import without_secrets
from tests.providers.collect import ask
from tests.providers.dialects import Chat, Dialect, Messages, Responses
from tests.providers.fault_server import fault_server
from tests.providers.scenes import streaming

OLLAMA = CustomProvider(id="ollama", base_url="http://127.0.0.1:11434/v1", default_model="llama3")


def test_what_is_added_is_found_again_and_can_be_removed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert read_added(data) == []
    other = CustomProvider(id="other", base_url="https://x.example/v1", headers={"X-Team": "blue"})
    add(data, OLLAMA, {"local"})
    add(data, other, {"local"})
    assert read_added(data) == [OLLAMA, other]
    assert (remove(data, "ollama"), remove(data, "ollama")) == (True, False)
    assert read_added(data) == [other]
    assert {path.name for path in data.iterdir()} == {FILE, f".{FILE}.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    add(tmp_path, OLLAMA, set())
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        (OLLAMA.model_copy(update={"id": "local"}), "id"),
        (OLLAMA.model_copy(update={"base_url": "http://far.example/v1"}), "baseUrl"),
        (OLLAMA.model_copy(update={"base_url": "nonsense"}), "baseUrl"),
    ],
)
def test_what_would_not_work_is_not_kept(
    tmp_path: Path, provider: CustomProvider, path: str
) -> None:
    with pytest.raises(ValidationFailed) as raised:
        add(tmp_path, provider, {"local"})
    assert raised.value.issues[0][0] == path
    assert read_added(tmp_path) == []


def test_the_same_name_twice(tmp_path: Path) -> None:
    add(tmp_path, OLLAMA, set())
    with pytest.raises(ValidationFailed, match="already"):
        add(tmp_path, OLLAMA, set())


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "a b"},
        {"id": "x", "headers": {"Bad Name": "x"}},
        {"id": "x", "headers": {"X": "two\r\nlines"}},
        {"id": "x", "key_env": "NOT-A-NAME"},
        {"id": "x", "kind": "telepathy"},
        {"id": "x", "key": "sk-secret"},
    ],
)
def test_fields_that_make_no_sense(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CustomProvider.model_validate({"base_url": "https://x.example", **fields})


@pytest.mark.parametrize("text", ["", "{", '{"providers": [{"id": 7}]}', '{"version": 2}'])
def test_a_damaged_file_is_said_and_stops_nobody(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ShellError, match="is not valid"):
        read_added(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert "local" in Providers(tmp_path, {})
    assert "is not valid" in caplog.text
    with pytest.raises(ShellError):
        add(tmp_path, OLLAMA, set())
    assert (tmp_path / FILE).read_text() == text


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["openai-compatible", "openai-responses", "anthropic"])
async def test_an_added_endpoint_is_a_provider(tmp_path: Path, kind: str) -> None:
    dialect: Dialect = Messages() if kind == "anthropic" else Chat()
    if kind == "openai-responses":
        dialect = Responses()
    async with fault_server(
        streaming(*dialect.begin(), *dialect.text("ok"), *dialect.finish())
    ) as server:
        suffix = "" if kind == "anthropic" else "/v1"
        fields = {"id": "mine", "kind": kind, "base_url": f"{server.url}{suffix}"}
        custom = CustomProvider.model_validate(
            {**fields, "headers": {"X-Team": "blue"}, "key_env": "MINE_KEY", "default_model": "m"}
        )
        add(tmp_path, custom, set())
        environ = {"MINE_KEY": "a-key"}
        providers = Providers(tmp_path, environ)
        answer = await ask(providers["mine"], "hi")
        environ.clear()
        with pytest.raises(ProviderError) as raised:
            providers["mine"].check()
        await providers.close()
    assert (answer.text, answer.error) == ("ok", None)
    assert server.requests[0].json["model"] == "m"
    assert server.requests[0].path == dialect.path
    assert server.requests[0].headers["x-team"] == "blue"
    assert raised.value.code is ErrorCode.API_KEY_ERROR


def test_whoever_keeps_the_keys_is_asked_for_an_address_before_every_request(
    tmp_path: Path,
) -> None:
    lookups: list[tuple[str, str]] = []
    keys: dict[str, str] = {"openai": "given"}

    def find(provider_id: str, base_url: str) -> str | None:
        lookups.append((provider_id, base_url))
        return keys.get(provider_id) or providers.environment_key(provider_id)

    add(tmp_path, OLLAMA.model_copy(update={"id": "mine", "key_env": "MINE_KEY"}), set())
    environ = {"OPENAI_API_KEY": "from-the-environment", "MINE_KEY": "mine"}
    providers = Providers(tmp_path, environ, find)
    assert set(providers.base_urls) == {"openai", "anthropic", "google", "mine"}
    endpoints = providers._factory.endpoints
    assert endpoints["openai"].check() == "given"
    keys.clear()
    assert endpoints["openai"].check() == "from-the-environment"
    assert endpoints["mine"].check() == "mine"
    assert lookups[0] == ("openai", providers.base_urls["openai"])


def test_the_key_of_a_provider_that_another_process_adds_is_kept_from_child_processes(
    tmp_path: Path,
) -> None:
    environ = {"LATER": "sk-not-for-children", "PATH": "/bin"}
    providers = Providers(tmp_path, environ)
    add(tmp_path, OLLAMA.model_copy(update={"id": "mine", "key_env": "LATER"}), set())
    assert providers.resolve("mine").id == "mine"
    assert without_secrets(environ) == {"PATH": "/bin"}
