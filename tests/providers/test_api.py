"""The `providers` namespace through the real door. No reply to the page holds a key."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from shell.api import providers as api
from shell.api.keys import KeysApi
from shell.api.providers import ProvidersApi
from shell.bridge.caller import Caller
from shell.bridge.door import Door
from shell.contract import HelloRequest
from shell.providers.custom import CustomProvider, add, read_added
from shell.providers.http.endpoint import Endpoint
from shell.providers.key_variables import FILE
from shell.providers.keys import Keys
from shell.providers.registry import Providers
from tests.caller_page import Json, Page, Refused
from tests.host_process import PATIENCE_S
from tests.providers.collect import ask
from tests.providers.dialects import Chat
from tests.providers.fault_server import Exchange, FaultServer, fault_server
from tests.providers.scenes import answering, streaming
from tests.providers.test_gguf import gguf
from tests.providers.test_keys import Memory

pytestmark = pytest.mark.anyio
SECRET = "sk-canary-77aa0b1c2d3e4f50"
LISTED: Json = {"data": [{"id": "small", "context_length": 4_096}, {"id": "nomic-embed-text"}]}


def code_of(report: Json) -> object:
    problem = report["problem"]
    assert isinstance(problem, dict)
    return problem["code"]


class ProvidersHost:
    """A host's providers with a keychain in memory, and a page that calls them through the door."""

    def __init__(self, data: Path, environ: dict[str, str]) -> None:
        self.data = data
        self.chain = Memory()
        self.keys = Keys(lambda: self.chain, lambda name: self.providers.environment_key(name))
        self.providers = Providers(data, environ, self.keys.find)
        namespaces = {
            "providers": ProvidersApi(self.providers, self.keys, data),
            "keys": KeysApi(self.keys, lambda: self.providers.base_urls),
        }
        self.door = Door({**namespaces, "shell": Hello()})
        self.page = Page(self.door)
        self.replies: list[str] = []

    async def call(self, method: str, params: object = None) -> object:
        """Make one call and wait for its reply. `replies` keeps every reply."""
        number = self.page.send(method, params)
        async with asyncio.timeout(PATIENCE_S):
            while not self.page.has_reply(number):
                await asyncio.sleep(0.001)
                self.page.pump()
        try:
            value = self.page.result(number)
        except Refused as refused:
            self.replies.append(json.dumps(refused.failure))
            raise
        self.replies.append(json.dumps(value))
        return value

    async def call_object(self, method: str, params: object = None) -> Json:
        """Make one call whose reply is an object."""
        value = await self.call(method, params)
        assert isinstance(value, dict)
        return value

    async def listed(self) -> dict[str, Json]:
        """Every provider by its id."""
        value = await self.call("providers.list")
        assert isinstance(value, list)
        return {str(entry["id"]): entry for entry in value}


class Hello:
    """Answers a page's first call."""

    def hello(self, caller: Caller, params: HelloRequest) -> None:
        pass


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[ProvidersHost]:
    host = ProvidersHost(tmp_path / "data", {"OPENAI_API_KEY": SECRET})
    yield host
    await host.door.close()
    await host.providers.close()
    assert SECRET not in "".join(host.replies)


def serving(models: Json = LISTED) -> "AbstractAsyncContextManager[FaultServer]":
    """A server with a list of models that answers every question."""

    async def scene(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            await answering(200, models)(exchange)
        else:
            await streaming(*Chat().text("OK"), *Chat().finish())(exchange)

    return fault_server(scene)


async def test_everybody_is_listed_and_no_key_is(host: ProvidersHost) -> None:
    listed = await host.listed()
    assert list(listed) == ["local", "openai", "anthropic", "google", "echo"]
    openai, local, anthropic = listed["openai"], listed["local"], listed["anthropic"]
    assert openai == {
        "id": "openai",
        "name": "OpenAI",
        "kind": "openai",
        "host": "api.openai.com",
        "local": False,
        "takesKey": True,
        "needsKey": True,
        "hasKey": True,
        "defaultModel": host.providers["openai"].default_model_id,
        "removable": False,
        "problem": None,
    }
    assert (local["name"], local["kind"], local["host"]) == ("Local model", "gguf", None)
    assert (local["local"], local["takesKey"], local["hasKey"]) == (True, False, False)
    assert (anthropic["hasKey"], anthropic["needsKey"]) == (False, True)
    assert anthropic["problem"] == {
        "code": "API_KEY_ERROR",
        "message": "No API key configured for provider: anthropic",
        "reason": "NO_KEY",
    }


async def test_a_server_is_added_asked_removed_and_brought_back(host: ProvidersHost) -> None:
    async with serving() as server:
        settings = {
            "id": "mine",
            "label": "My server",
            "baseUrl": f"{server.url}/v1",
            "headers": {"X-Auth-Token": SECRET},
            "defaultModel": "small",
        }
        added = await host.call_object("providers.add", settings)
        assert (added["name"], added["kind"], added["removable"]) == (
            "My server",
            "openai-compatible",
            True,
        )
        assert added["host"] == server.url.removeprefix("http://")
        await host.call("keys.set", {"providerId": "mine", "key": f"{SECRET}-mine"})
        assert (await host.listed())["mine"]["hasKey"] is True
        answer = await ask(host.providers.resolve("mine"), "hi")
        assert (answer.text, answer.error) == ("OK", None)
        assert server.requests[-1].headers["authorization"] == f"Bearer {SECRET}-mine"
        assert server.requests[-1].headers["x-auth-token"] == SECRET

        assert await host.call("providers.remove", "mine") is True
        assert "mine" not in await host.listed()
        assert read_added(host.data) == []
        assert host.chain.passwords == {}, "its key is forgotten with it"
        assert await host.call("providers.remove", "mine") is False

        restored = await host.call_object("providers.restore", "mine")
        assert (restored["name"], restored["hasKey"]) == ("My server", True)
        await ask(host.providers.resolve("mine"), "hi")
        assert server.requests[-1].headers["authorization"] == f"Bearer {SECRET}-mine"
        assert server.requests[-1].headers["x-auth-token"] == SECRET
        with pytest.raises(Refused) as refused:
            await host.call("providers.restore", "mine")
        assert refused.value.code == "NOT_FOUND"


async def test_a_key_of_another_host_is_removed_with_its_provider(host: ProvidersHost) -> None:
    old, new = "https://old.example/v1", "https://new.example/v1"
    await host.call("providers.add", {"id": "mine", "baseUrl": old})
    await host.call("keys.set", {"providerId": "mine", "key": f"{SECRET}-mine"})
    file = host.data / FILE
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    assert (await host.listed())["mine"]["host"] == "new.example"
    assert await host.call("providers.remove", "mine") is True
    assert host.chain.passwords == {}
    restored = await host.call_object("providers.restore", "mine")
    assert (restored["host"], restored["hasKey"]) == ("new.example", False)


async def test_what_is_being_answered_outlives_its_provider(host: ProvidersHost) -> None:
    received, release = asyncio.Event(), asyncio.Event()
    dialect = Chat()

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*dialect.text("half "))
        received.set()
        await release.wait()
        await exchange.send(*dialect.text("whole"), *dialect.finish())
        await exchange.end()

    async with fault_server(scene) as server:
        await host.call("providers.add", {"id": "mine", "baseUrl": f"{server.url}/v1"})
        answer_task = asyncio.ensure_future(ask(host.providers.resolve("mine"), "hi"))
        await asyncio.wait_for(received.wait(), PATIENCE_S)
        await host.call("providers.remove", "mine")
        release.set()
        answer = await answer_task
    assert (answer.text, answer.error) == ("half whole", None)


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        ({"id": "openai", "baseUrl": "https://x.example"}, "id", "already"),
        ({"id": "a b", "baseUrl": "https://x.example"}, "id", ""),
        ({"id": "x"}, "baseUrl", "needs a base URL"),
        ({"id": "x", "baseUrl": "nonsense"}, "baseUrl", "not an http(s) address"),
        ({"id": "x", "baseUrl": "http://far.example/v1"}, "baseUrl", "https://"),
        ({"id": "x", "baseUrl": "https://x.example", "file": "/a.gguf"}, "file", "Only gguf"),
        ({"id": "x", "baseUrl": "https://x.example", "headers": {"a b": "c"}}, "headers", ""),
        ({"id": "x", "baseUrl": "https://x.example", "keyEnv": "HOME"}, "keyEnv", ""),
        ({"id": "x", "kind": "telepathy"}, "kind", ""),
        ({"id": "x", "kind": "gguf"}, "file", "path of a file"),
        ({"id": "x", "kind": "gguf", "file": "relative.gguf"}, "file", "path of a file"),
        ({"id": "x", "kind": "gguf", "file": "//far/share/a.gguf"}, "file", "another machine"),
        ({"id": "x", "kind": "gguf", "file": "/nowhere/a.gguf"}, "file", "/nowhere/a.gguf"),
        ({"id": "x", "kind": "gguf", "baseUrl": "https://x.example"}, "baseUrl", "no base URL"),
    ],
)
async def test_settings_that_make_no_sense_are_refused_by_field(
    host: ProvidersHost, settings: Json, path: str, words: str
) -> None:
    for method, params in [("add", settings), ("test", {"settings": settings})]:
        if (method, path, words) == ("test", "id", "already"):
            continue  # a test stores nothing, so its name may be in use
        with pytest.raises(Refused) as refused:
            await host.call(f"providers.{method}", params)
        assert refused.value.code == "VALIDATION"
        issues = {key.removeprefix("settings."): text for key, text in refused.value.issues.items()}
        assert any(key.startswith(path) and words in text for key, text in issues.items()), issues
    assert not (host.data / FILE).exists()


async def test_http_to_another_machine_only_for_who_insists(host: ProvidersHost) -> None:
    settings = {"id": "x", "baseUrl": "http://far.example/v1", "allowPlainHttp": True}
    assert (await host.call_object("providers.add", settings))["problem"] is None


async def test_what_belongs_to_the_program_stays(host: ProvidersHost) -> None:
    with pytest.raises(Refused, match="built into Tidewire"):
        await host.call("providers.remove", "openai")


async def test_what_another_process_adds_and_removes_is_seen(host: ProvidersHost) -> None:
    outside = CustomProvider(id="outside", base_url="http://127.0.0.1:1/v1")
    add(host.data, outside, set())
    assert (await host.listed())["outside"]["removable"] is True
    (host.data / FILE).unlink()
    assert "outside" not in await host.listed()
    (host.data / FILE).write_text("{")
    assert "openai" in await host.listed()


# --- models -----------------------------------------------------------------------------------


async def test_models_are_asked_for_once_and_anew_when_wanted(host: ProvidersHost) -> None:
    async with serving() as server:
        await host.call("providers.add", {"id": "mine", "baseUrl": f"{server.url}/v1"})
        first = await host.call_object("providers.models", {"providerId": "mine"})
        assert first["listed"] is True
        assert first["models"] == [
            {
                "id": "small",
                "name": "small",
                "contextTokens": 4_096,
                "maxOutputTokens": None,
                "images": False,
                "files": False,
                "tools": True,
                "reasoning": False,
                "efforts": [],
                "inputPrice": None,
                "outputPrice": None,
                "priceDate": None,
            }
        ], "what makes vectors is not for talking"
        await host.call("providers.models", {"providerId": "mine"})
        assert len(server.requests) == 1
        await host.call("providers.models", {"providerId": "mine", "refresh": True})
        assert len(server.requests) == 2


async def test_a_server_is_found_by_its_address_alone(host: ProvidersHost) -> None:
    async with serving() as server:
        place = server.url.removeprefix("http://")
        report = await host.call_object(
            "providers.test", {"settings": {"id": "mine", "baseUrl": place}}
        )
        assert report["ok"] is True, report
        added = await host.call_object("providers.add", {"id": "mine", "baseUrl": place})
        assert added["remark"] == {
            "code": "ADDRESS_MENDED",
            "text": f"The address was completed: {server.url}/v1",
            "facts": {"address": f"{server.url}/v1"},
        }
        assert (await ask(host.providers.resolve("mine"), "hi")).text == "OK"


async def test_nobody_elsewhere_is_asked_what_a_model_is(host: ProvidersHost) -> None:
    def about(provider: str, model: str) -> Json:
        return {"providerId": provider, "modelId": model}

    # No connection to that machine is possible from here, so a request would fail.
    info = await host.call_object("providers.describe", about("openai", "gpt-5.4-mini"))
    assert info["contextTokens"] == 400_000
    assert await host.call("providers.describe", about("openai", "gremlin-1")) is None
    async with serving() as server:
        await host.call("providers.add", {"id": "mine", "baseUrl": f"{server.url}/v1"})
        for _ in range(2):
            small = await host.call_object("providers.describe", about("mine", "small"))
            assert small["contextTokens"] == 4_096
        assert len(server.requests) == 1


async def test_what_a_server_does_not_say_comes_from_the_table(tmp_path: Path) -> None:
    ids: Json = {"data": [{"id": "gpt-5.4-mini"}, {"id": "whisper-1"}, {"id": "gremlin-1"}]}
    async with serving(ids) as server:
        environ = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": SECRET}
        host = ProvidersHost(tmp_path, environ)
        reply = await host.call_object("providers.models", {"providerId": "openai"})
        await host.providers.close()
    assert isinstance(reply["models"], list)
    known_model, unknown_model = reply["models"]
    assert (known_model["id"], known_model["contextTokens"], known_model["images"]) == (
        "gpt-5.4-mini",
        400_000,
        True,
    )
    assert known_model["inputPrice"] > 0
    assert (unknown_model["id"], unknown_model["contextTokens"]) == ("gremlin-1", None)


async def test_a_server_without_a_list_and_one_that_is_not_there(host: ProvidersHost) -> None:
    async with fault_server(answering(404, b"")) as server:
        settings = {"id": "mine", "baseUrl": f"{server.url}/v1", "defaultModel": "own"}
        await host.call("providers.add", settings)
        reply = await host.call_object("providers.models", {"providerId": "mine"})
        assert reply["listed"] is False
        assert isinstance(reply["models"], list)
        assert [model["id"] for model in reply["models"]] == ["own"]
    with pytest.raises(Refused) as refused:
        await host.call("providers.models", {"providerId": "mine", "refresh": True})
    assert refused.value.code == "NETWORK_ERROR"
    assert refused.value.failure["retryable"] is True
    assert refused.value.message.startswith("mine: Could not connect")
    with pytest.raises(Refused, match="Allowed: local"):
        await host.call("providers.models", {"providerId": "nobody"})


async def test_a_server_that_never_lists_is_given_up(
    host: ProvidersHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "LISTING_S", 0.05)

    async def scene(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    async with fault_server(scene) as server:
        await host.call("providers.add", {"id": "mine", "baseUrl": f"{server.url}/v1"})
        with pytest.raises(Refused, match="did not list") as refused:
            await host.call("providers.models", {"providerId": "mine"})
    assert refused.value.code == "NETWORK_ERROR"


async def test_a_file_of_ones_own_is_a_provider_with_one_model(
    host: ProvidersHost, tmp_path: Path
) -> None:
    path = tmp_path / "My Model.gguf"
    path.write_bytes(gguf(context=32_000, template="{% if tools %}<think>"))
    settings = {"id": "mine", "kind": "gguf", "file": str(path), "contextTokens": 16_000}
    added = await host.call_object("providers.add", settings)
    assert (added["kind"], added["local"], added["takesKey"]) == ("gguf", True, False)
    assert (added["defaultModel"], added["problem"]) == ("my-model", None)
    reply = await host.call_object("providers.models", {"providerId": "mine"})
    assert isinstance(reply["models"], list)
    (model,) = reply["models"]
    assert (model["id"], model["contextTokens"]) == ("my-model", 16_000)
    assert (model["tools"], model["reasoning"]) == (True, True)
    assert host.providers["mine"].model("my-model").context_tokens == 16_000
    path.unlink()
    assert "no longer exists" in str((await host.listed())["mine"]["problem"])


@pytest.mark.parametrize("data", [b"Dear diary", gguf()[:-64]])
async def test_a_file_that_is_no_whole_model_is_refused(
    host: ProvidersHost, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(data)
    with pytest.raises(Refused) as refused:
        await host.call("providers.add", {"id": "mine", "kind": "gguf", "file": str(path)})
    assert list(refused.value.issues) == ["file"]


# --- presets ----------------------------------------------------------------------------------


async def test_presets_say_which_server_answers_here(
    host: ProvidersHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fault_server(streaming()) as closed_server:
        closed_url = closed_server.url
    async with serving() as server:
        presets = (
            Endpoint("here", "Here", f"{server.url}/v1", key_required=False),
            Endpoint("off", "Off", f"{closed_url}/v1", key_required=False),
            Endpoint("far", "Far", "https://model.invalid/v1"),
        )
        monkeypatch.setattr(api, "PRESETS", presets)
        await host.call("providers.add", {"id": "mine", "baseUrl": f"{server.url}/v1/"})
        reply = await host.call("providers.presets")
    assert isinstance(reply, list)
    assert [(entry["id"], entry["running"], entry["providerId"]) for entry in reply] == [
        ("here", True, "mine"),
        ("off", False, None),
        ("far", None, None),
    ]
    assert reply[0]["models"] == ["small", "nomic-embed-text"]
    assert reply[2]["takesKey"] is True


# --- trials -----------------------------------------------------------------------------------


async def test_settings_are_tried_before_they_are_kept(host: ProvidersHost) -> None:
    async with serving() as server:
        settings = {"id": "openai", "baseUrl": f"{server.url}/v1", "headers": {"X-Team": "blue"}}
        report = await host.call_object(
            "providers.test", {"settings": settings, "key": "another-key-1234"}
        )
        without_key = await host.call_object("providers.test", {"settings": settings})
    assert (report["ok"], report["problem"], report["modelId"]) == (True, None, "small")
    assert report["models"] == ["small", "nomic-embed-text"]
    assert isinstance(report["firstMs"], int)
    assert without_key["ok"] is True
    sent_keys = [request.headers.get("authorization") for request in server.requests]
    assert sent_keys == ["Bearer another-key-1234"] * 2 + [None] * 2, (
        "no key that is kept goes there"
    )
    assert server.requests[0].headers["x-team"] == "blue"
    assert list(await host.listed()) == ["local", "openai", "anthropic", "google", "echo"]


async def test_another_key_is_tried_before_it_is_kept(tmp_path: Path) -> None:
    body: Json = {"error": {"message": f"no, not with {SECRET}-new", "code": "invalid_api_key"}}
    async with fault_server(answering(401, body)) as server:
        environ = {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": SECRET}
        host = ProvidersHost(tmp_path, environ)
        params = {"providerId": "openai", "key": f"{SECRET}-new"}
        report = await host.call_object("providers.test", params)
        await host.providers.close()
    assert (report["ok"], code_of(report)) == (False, "API_KEY_ERROR")
    assert report["sentence"] == "OpenAI: no, not with [key]"
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}-new"
    assert host.chain.passwords == {}


async def test_a_trial_says_what_is_wrong(host: ProvidersHost) -> None:
    async with fault_server(streaming()) as closed_server:
        closed_url = closed_server.url
    report = await host.call_object(
        "providers.test", {"settings": {"id": "x", "baseUrl": f"{closed_url}/v1"}}
    )
    assert (report["ok"], code_of(report)) == (False, "NETWORK_ERROR")
    report = await host.call_object("providers.test", {"providerId": "anthropic"})
    assert (report["ok"], code_of(report)) == (False, "API_KEY_ERROR")
    assert (await host.call_object("providers.test", {"providerId": "echo"}))["ok"] is True


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "not both"),
        ({"providerId": "echo", "settings": {"id": "x", "baseUrl": "https://x"}}, "not both"),
        ({"providerId": "echo", "key": "a-key"}, "takes no key"),
        ({"providerId": "nobody"}, "Allowed"),
        ({"providerId": "openai", "key": "two words"}, "key"),
    ],
)
async def test_trials_that_make_no_sense(host: ProvidersHost, params: Json, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        await host.call("providers.test", params)
    assert refused.value.code == "VALIDATION"
