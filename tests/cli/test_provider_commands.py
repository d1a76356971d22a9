"""`tidewire providers` as a process: its output, its refusals, and no key in either."""

import asyncio
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from shell.cli.program import main
from tests.command import Result, environment, run
from tests.providers.dialects import Chat
from tests.providers.fault_server import Exchange, fault_server
from tests.providers.scenes import answering, streaming
from tests.providers.test_gguf import gguf

SECRET = "sk-canary-5b1e77d0a93c4f28"
URL = "http://127.0.0.1:9/v1"


class ProvidersCommand:
    """Runs `tidewire providers` on one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __call__(self, *arguments: str, **environment: str | None) -> Result:
        bare = {"OPENAI_API_KEY": None, "ANTHROPIC_API_KEY": None, "GOOGLE_API_KEY": None}
        bare |= {"GEMINI_API_KEY": None, "ALL_PROXY": None, "HTTP_PROXY": None}
        return run("providers", *arguments, "--data-dir", str(self.data), **{**bare, **environment})

    def names(self) -> list[object]:
        return [line["id"] for line in self("list", "--json").lines]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def providers(tmp_path: Path) -> ProvidersCommand:
    return ProvidersCommand(tmp_path / "my data 🌊")


def test_list_says_who_can_run_models_and_who_has_a_key(providers: ProvidersCommand) -> None:
    result = providers("list", "--json", OPENAI_API_KEY=SECRET)
    assert (result.status, result.err) == (0, "")
    by_id = {str(line["id"]): line for line in result.lines}
    assert list(by_id) == ["local", "openai", "anthropic", "google", "echo"]
    assert (by_id["openai"]["hasKey"], by_id["anthropic"]["hasKey"]) == (True, False)
    assert by_id["openai"]["host"] == "api.openai.com"
    plain = providers("list", OPENAI_API_KEY=SECRET)
    assert SECRET not in plain.out + plain.err + result.out
    lines = {line.split()[0]: line for line in plain.out.splitlines()}
    assert lines["openai"].endswith("has a key")
    assert lines["google"].endswith("needs a key")
    assert not providers.data.exists(), "to look changes nothing"


def test_an_address_that_is_not_valid_is_a_problem_of_its_provider_only(
    providers: ProvidersCommand,
) -> None:
    changes = {"OPENAI_BASE_URL": "http://[::1", "OPENAI_API_KEY": SECRET}
    by_id = {str(line["id"]): line for line in providers("list", "--json", **changes).lines}
    assert (by_id["openai"]["host"], by_id["local"]["problem"]) == ("", None)
    assert "not an http(s) address" in str(by_id["openai"]["problem"])
    data = {"TIDEWIRE_DATA_DIR": str(providers.data)}
    keys = {
        line["providerId"]: line for line in run("keys", "list", "--json", **data, **changes).lines
    }
    assert keys["openai"]["host"] == ""
    doctor = {line["name"]: line for line in run("doctor", "--json", **data, **changes).lines}
    assert "not an http(s) address" in str(doctor["openai"]["text"])
    assert "echo" in doctor


def test_add_list_remove(providers: ProvidersCommand) -> None:
    added = providers("add", "mine", "--base-url", URL, "--header", "X-Team=blue=1", "--json")
    assert (added.status, added.err) == (0, "")
    (line,) = added.lines
    assert (line["id"], line["kind"], line["host"]) == ("mine", "openai-compatible", "127.0.0.1:9")
    assert (line["removable"], line["takesKey"], line["needsKey"]) == (True, True, False)
    stored = json.loads((providers.data / "providers.json").read_text("utf-8"))
    assert stored["providers"][0]["headers"] == {"X-Team": "blue=1"}
    assert providers.names()[-1] == "mine"
    removed = providers("remove", "mine", "--json")
    assert (removed.status, removed.lines) == (0, [{"id": "mine", "removed": True}])
    assert "mine" not in providers.names()
    second = providers("remove", "mine")
    assert second.status == 1
    assert second.is_one_sentence("mine", "local", "echo"), second.err


def test_a_header_that_holds_a_key_is_a_secret(providers: ProvidersCommand) -> None:
    added = providers(
        "add", "mine", "--base-url", URL, "--header", f"Authorization=Bearer {SECRET}"
    )
    assert added.status == 0
    assert "--key-env" in added.err, "it says what is safer"
    results = [added, providers("list"), providers("list", "--json"), providers("test", "mine")]
    assert all(SECRET not in result.out + result.err for result in results)
    if sys.platform != "win32":
        assert stat.S_IMODE((providers.data / "providers.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["openai", "--base-url", URL], ["openai", "already"]),
        (["a b", "--base-url", URL], ["NAME", "letters"]),
        (["x"], ["base URL"]),
        (["x", "--base-url", "nonsense"], ["http(s) address"]),
        (["x", "--base-url", "http://far.example/v1"], ["https://", "--allow-plain-http"]),
        (["x", "--base-url", URL, "--header", SECRET], ["NAME=VALUE"]),
        (["x", "--base-url", URL, "--header", f"a b={SECRET}"], ["NAME=VALUE"]),
        (["x", "--base-url", URL, "--header", f"X={SECRET}\r\nY: z"], ["header X", "line"]),
        (["x", "--base-url", URL, "--key-env", SECRET], ["--key-env", "name"]),
        (["x", "--kind", "gguf"], ["file"]),
        (["x", "--kind", "gguf", "--file", "/nowhere/a.gguf"], ["/nowhere/a.gguf"]),
        (["x", "--base-url", URL, "--context", "5"], ["contextTokens"]),
    ],
)
def test_what_would_not_work_is_not_kept(
    providers: ProvidersCommand,
    arguments: list[str],
    words: list[str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "shell.support.logs.set_up_logs", lambda level: None
    )  # pytest listens itself
    status = main(["providers", "add", *arguments, "--data-dir", str(providers.data)])
    result = Result(status, *capfd.readouterr())
    assert (result.status, result.out) == (2, "")
    assert result.is_one_sentence(*words), result.err
    assert SECRET not in result.err
    assert not (providers.data / "providers.json").exists()


def test_a_name_is_taken_once(providers: ProvidersCommand) -> None:
    assert providers("add", "mine", "--base-url", URL).status == 0
    second = providers("add", "mine", "--base-url", URL)
    assert (second.status, second.is_one_sentence("mine", "already")) == (2, True)


def test_http_to_another_machine_only_for_who_insists(providers: ProvidersCommand) -> None:
    arguments = ["add", "far", "--base-url", "http://far.example/v1", "--allow-plain-http"]
    assert providers(*arguments).status == 0


def test_an_address_is_completed_and_that_is_said(providers: ProvidersCommand) -> None:
    added = providers("add", "mine", "--base-url", "localhost:9", "--json")
    assert added.is_one_sentence("completed", "http://localhost:9/v1")
    remark = {"code": "ADDRESS_MENDED", "facts": {"address": "http://localhost:9/v1"}}
    (line,) = added.lines
    assert line["remark"] == {**remark, "text": "The address was completed: http://localhost:9/v1"}
    (line,) = [each for each in providers("list", "--json").lines if each["id"] == "mine"]
    assert "remark" not in line
    assert providers("add", "far", "--base-url", "far.example").status == 0
    near = providers("add", "near", "--base-url", "192.168.1.5:8080")
    assert (near.status, near.is_one_sentence("--allow-plain-http")) == (2, True)


def test_what_belongs_to_the_program_stays(providers: ProvidersCommand) -> None:
    result = providers("remove", "local")
    assert (result.status, result.is_one_sentence("local", "built into")) == (2, True)


def test_a_file_that_cannot_be_understood_is_left_alone(providers: ProvidersCommand) -> None:
    providers.data.mkdir()
    (providers.data / "providers.json").write_text("{")
    result = providers("add", "mine", "--base-url", URL)
    assert result.status == 1
    assert "is not valid" in result.err
    assert (providers.data / "providers.json").read_text() == "{"


# --- test ---------------------------------------------------------------------------------------


async def fine(exchange: Exchange) -> None:
    """Play a server that lists two models and answers every question."""
    if exchange.request.method == "GET":
        await answering(200, {"data": [{"id": "small"}, {"id": "large"}]})(exchange)
    else:
        await streaming(*Chat().text("OK"), *Chat().finish())(exchange)


@pytest.mark.anyio
async def test_a_provider_that_works_is_said_to(providers: ProvidersCommand) -> None:
    async with fault_server(fine) as server:
        arguments = ["--base-url", f"{server.url}/v1", "--key-env", "MINE", "--header", "X-T=blue"]
        added = await asyncio.to_thread(providers, "add", "mine", *arguments)
        plain = await asyncio.to_thread(providers, "test", "mine", MINE=SECRET)
        as_json = await asyncio.to_thread(
            providers, "test", "mine", "--json", "--model", "large", MINE=SECRET
        )
        answer = await asyncio.to_thread(
            run, "ask", "hi", "--provider", "mine", "--data-dir", str(providers.data), MINE=SECRET
        )
    assert added.status == 0
    assert plain.status == 0
    assert plain.out.startswith("mine answers with small: first word after ")
    assert "Models: small, large\n" in plain.out
    (line,) = as_json.lines
    assert (line["providerId"], line["ok"], line["modelId"]) == ("mine", True, "large")
    assert line["models"] == ["small", "large"]
    assert (answer.status, answer.out) == (0, "OK\n")
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {SECRET}"}
    assert {request.headers["x-t"] for request in server.requests} == {"blue"}
    assert SECRET not in plain.out + plain.err + as_json.out + as_json.err


async def repeating(exchange: Exchange) -> None:
    """Play a model that repeats the key."""
    await streaming(*Chat().text(f"The key is {SECRET}"), *Chat().finish())(exchange)


@pytest.mark.anyio
async def test_a_recording_has_no_key_of_the_environment(
    providers: ProvidersCommand, tmp_path: Path
) -> None:
    recording, stored = tmp_path / "answer.jsonl", providers.data / "wire"
    stored.mkdir(parents=True)
    async with fault_server(repeating) as server:
        arguments = ["--base-url", f"{server.url}/v1", "--key-env", "MINE"]
        await asyncio.to_thread(providers, "add", "mine", *arguments)
        ask = ["ask", "hi", "--provider", "mine", "--data-dir", str(providers.data)]
        answer = await asyncio.to_thread(run, *ask, "--record", str(recording), MINE=SECRET)
    assert answer.status == 0, answer.err
    [wire] = stored.iterdir()
    for text in (recording.read_text("utf-8"), wire.read_text("utf-8")):
        assert "The key is [key]" in text
        assert SECRET not in text


@pytest.mark.anyio
async def test_what_is_wrong_with_a_provider_is_said_by_its_code(
    providers: ProvidersCommand,
) -> None:
    body: dict[str, object] = {"error": {"message": f"no, not with {SECRET}"}}
    async with fault_server(answering(401, body)) as server:
        arguments = ["--base-url", f"{server.url}/v1", "--key-env", "MINE"]
        await asyncio.to_thread(providers, "add", "mine", *arguments)
        plain = await asyncio.to_thread(providers, "test", "mine", MINE=SECRET)
        as_json = await asyncio.to_thread(providers, "test", "mine", "--json", MINE=SECRET)
        without_key = await asyncio.to_thread(providers, "test", "mine", MINE=None)
    assert (plain.status, plain.out) == (1, "")
    assert plain.is_one_sentence("API_KEY_ERROR", "not with [key]"), plain.err
    (line,) = as_json.lines
    assert (as_json.status, line["ok"], line["code"]) == (1, False, "API_KEY_ERROR")
    assert SECRET not in plain.err + as_json.out + as_json.err
    assert (without_key.status, without_key.is_one_sentence("No API key")) == (1, True)


def test_nobody_is_there(providers: ProvidersCommand) -> None:
    providers("add", "mine", "--base-url", URL)
    result = providers("test", "mine")
    assert (result.status, result.is_one_sentence("NETWORK_ERROR", "mine")) == (1, True)
    result = providers("test", "nobody")
    assert (result.status, result.is_one_sentence("nobody", "mine")) == (1, True)


KEYCHAIN = """
import json, sys
from keyring.backends import libsecret

class Keyring:
    viable, priority = True, 1
    def get_password(self, service, name):
        return json.dumps(ENTRY) if (service, name) == ("tidewire", "mine") else None

libsecret.Keyring = Keyring
from shell.cli.program import main
sys.exit(main())
"""


@pytest.mark.anyio
async def test_a_key_in_the_keychain_is_found(providers: ProvidersCommand) -> None:
    async with fault_server(fine) as server:
        host = server.url.removeprefix("http://")
        code = KEYCHAIN.replace("ENTRY", json.dumps({"key": SECRET, "host": host}))
        await asyncio.to_thread(providers, "add", "mine", "--base-url", f"{server.url}/v1")
        for arguments in (["providers", "test", "mine"], ["ask", "hi", "--provider", "mine"]):
            done = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", code, "--data-dir", str(providers.data), *arguments],
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
            assert server.requests[-1].headers["authorization"] == f"Bearer {SECRET}", arguments


# --- a file of one's own --------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"Dear diary", gguf()[:-64]], ids=["text", "truncated"])
def test_a_file_that_is_no_whole_model_is_refused(
    providers: ProvidersCommand, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(data)
    result = providers("add", "mine", "--kind", "gguf", "--file", str(path))
    assert (result.status, result.is_one_sentence(str(path))) == (2, True), result.err


@pytest.mark.model
def test_a_file_of_ones_own_answers(providers: ProvidersCommand, tmp_path: Path) -> None:
    weights = next((Path(__file__).parents[2] / ".models").glob("*.gguf"))
    path = tmp_path / "My Model.gguf"
    path.symlink_to(weights)
    added = providers("add", "mine", "--kind", "gguf", "--file", str(path), "--context", "1024")
    assert added.status == 0
    assert "model my-model" in added.out
    result = providers("test", "mine", "--json")
    (line,) = result.lines
    assert (result.status, line["ok"], line["modelId"]) == (0, True, "my-model")
    arguments = ["hi", "--provider", "mine", "--max-tokens", "5", "--data-dir", str(providers.data)]
    answer = run("ask", *arguments)
    assert answer.status == 0, answer.err
    assert answer.out.strip()
