"""A canary key: it is used, echoed by a server, survives a crash, and is found nowhere."""

import asyncio
import base64
import logging
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from shell import cli
from shell.contract import Defaults, ExportRequest
from shell.conversations.answers import Answers
from shell.conversations.authors import Authors
from shell.conversations.exports import Exports
from shell.inference.engine import Engine
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider
from shell.providers.keys import Keys
from shell.settings import SettingsFile
from shell.store.store import Store
from shell.tools.registry import FOLDER
from tests.providers.fault_server import Exchange, fault_server
from tests.providers.test_keys import Memory
from tests.store.desk import Desk, reload_nothing
from tests.store.test_steps import ToolDesk

pytestmark = pytest.mark.anyio
CANARY = "sk-canary/7Gh+2=Qw&9d4f6a8b0c2e4f6a8b0c2e"


def spellings() -> Iterator[bytes]:
    """Yield the key in every encoding that a file, a log or a page may have."""
    raw = CANARY.encode()
    yield raw
    yield quote(CANARY, safe="").encode()
    yield raw.hex().encode()
    for encoding in ("utf-16-le", "utf-16-be"):
        yield CANARY.encode(encoding)
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + raw)
        yield coded[-(-offset * 4 // 3) : (offset + len(raw)) * 4 // 3]


def hits(content: bytes) -> list[bytes]:
    return [spelling for spelling in spellings() if spelling in content]


class KeyDesk(Desk):
    """A desk whose only provider needs the key."""

    def __init__(self, folder: Path, url: str, keys: Keys) -> None:
        super().__init__(folder)
        self.provider = HttpProvider(
            CHAT_COMPLETIONS,
            Endpoint("openai", "OpenAI", url, lambda: keys.find("openai", url)),
            "model-a",
        )
        self.engine = Engine(lambda _: self.provider, None, self.ledger)
        self.answers = Answers(
            self.store,
            self.engine,
            Authors(
                lambda _: self.provider,
                lambda: Defaults(provider_id="openai", model_id="model-a"),
            ),
            ledger=self.ledger,
        )
        self.conversations = self.api(folder)


async def echo(exchange: Exchange) -> None:
    """Answer 401 with the key of the request in several encodings."""
    key = exchange.request.headers["authorization"]
    coded = base64.b64encode(key.encode()).decode()
    message = f"Incorrect API key provided: {key} ({quote(key)}, {coded}, {key.encode().hex()})"
    await exchange.answer(401, {"error": {"message": message, "code": key, "type": key}})


async def test_the_key_is_found_nowhere(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("shell.support.logs.set_up_logs", lambda level: None)
    chain, data = Memory(), tmp_path / "data"
    data.mkdir()
    async with fault_server(echo) as server:
        url = f"{server.url}/v1"
        keys = Keys(lambda: chain)
        status = await keys.set("openai", CANARY, url)
        desk = KeyDesk(data, url, keys)
        conversation = await desk.begin()
        reply = await desk.send(conversation, "a question")
        log = desk.engine.log("window-1", reply.inference_id)
        assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
        # The data directory as after a crash now, with the write-ahead log still beside the file.
        await asyncio.to_thread(shutil.copytree, data, tmp_path / "crashed")
        settings = SettingsFile(data)
        exports = Exports(desk.store, settings, lambda: True, reload_nothing)
        for ending in ("json", "md", "html"):
            request = ExportRequest.model_validate({"format": ending})
            await asyncio.to_thread(exports.export_file, request)
        backup = await exports.backup()
        bundle = data / "backups" / backup.name
        with zipfile.ZipFile(bundle) as zipped:
            inside = b"".join(zipped.read(name) for name in zipped.namelist())
        view = await desk.view(conversation)
        page_texts = [
            status.model_dump_json(),
            view.model_dump_json(),
            settings.view().model_dump_json(),
        ]
        page_texts += [event.model_dump_json() for event in log.read()]
        await desk.close()
        await desk.provider.close()
    detail = view.messages[1].detail
    assert detail is not None
    assert detail.failure is not None
    assert detail.failure.code == "API_KEY_ERROR"
    await asyncio.to_thread(reopen, tmp_path / "crashed")
    for arguments in (["conversations", "show", conversation], ["keys", "list"], ["doctor"]):
        await asyncio.to_thread(cli.main, ["--data-dir", str(data), *arguments])
    output = capsys.readouterr()
    everything = {path: path.read_bytes() for path in files(tmp_path)}
    assert any(b"a question" in content for content in everything.values())
    for path, content in everything.items():
        assert hits(content) == [], path
    for text in (*page_texts, caplog.text, output.out, output.err):
        assert hits(text.encode()) == []
    assert hits(inside) == []
    assert hits(f"x{CANARY}x".encode())


def reopen(folder: Path) -> None:
    store = Store(folder)
    store.open()
    store.close()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


TOOL = """
import json, os
from pathlib import Path

def look(words: str) -> str:
    own = Path("/proc/self/environ")
    return json.dumps(dict(os.environ)) + (own.read_text() if own.exists() else "") + words
"""


async def test_the_key_reaches_no_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("OPENAI_API_KEY", "MY_SERVICE_TOKEN", "CLIENT_SECRET", "DB_PASSWORD"):
        monkeypatch.setenv(name, CANARY)
    data = tmp_path / "data"
    (data / FOLDER).mkdir(parents=True)
    (data / FOLDER / "mine.py").write_text(TOOL, "utf-8")
    desk = ToolDesk(data)
    look = (await desk.tools.find("look")).tool
    desk.tools.permissions().keep(look, "allow", "always", {})
    talk = await desk.begin()
    begun = await desk.ask(talk, '/call look {"words": "plain words"}\n/then\nDone.')
    await desk.done(begun)
    view = await desk.view(talk)
    (call,) = [part for part in view.messages[-1].parts if part.type == "call"]
    assert call.state == "done", call
    assert "plain words" in str(call.result)
    assert "PATH" in str(call.result), "it has an environment"
    exports = Exports(desk.store, SettingsFile(data), lambda: True, reload_nothing)
    for ending in ("json", "md", "html"):
        request = ExportRequest.model_validate({"format": ending})
        await asyncio.to_thread(exports.export_file, request)
    page_texts = [view.model_dump_json(), caplog.text]
    page_texts += [event.model_dump_json() for event in begun.log.read()]
    await desk.close()
    for path in files(tmp_path):
        assert hits(path.read_bytes()) == [], path
    for text in page_texts:
        assert hits(text.encode()) == []
