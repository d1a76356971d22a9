"""The `conversations` namespace as a page uses it: calls through the door, and their events."""

import asyncio
import base64
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest

from shell.api.conversations import ConversationsApi
from shell.api.keys import KeysApi
from shell.api.settings import SettingsApi
from shell.bridge.caller import Caller
from shell.bridge.door import Door
from shell.bridge.topics import Topics
from shell.contract import CONTRACT_VERSION, Attachment, FilePart
from shell.conversations.exports import Exports
from shell.conversations.imports import MAX_ACTIVE, Imports
from shell.providers.keys import Keys
from shell.settings import SettingsFile
from shell.store.backup import bundle
from shell.store.database import Connection
from shell.store.exchange.archive import FORMAT
from shell.store.wire_log import WireLog
from tests.host_process import PATIENCE_S
from tests.store.desk import Desk, reload_nothing

pytestmark = pytest.mark.anyio
LOAD = "load-0001"
CANARY = "sk-canary-9d2f4b7a8c1e3f60"


class Refused(Exception):
    """The envelope of a refusal."""

    def __init__(self, error: dict[str, object]) -> None:
        super().__init__(str(error["message"]))
        self.code = error["code"]
        self.reason = error.get("reason")


class Page:
    """A page without a browser. It makes calls, and reads the events of its feed."""

    def __init__(self, door: Door, name: str, topics: Topics | None = None) -> None:
        self.caller = Caller(name)
        self.caller.feed.open(LOAD, topics)
        self.topics: dict[tuple[str, str], dict[str, object]] = {}
        self.events: list[dict[str, object]] = []
        self._door = door
        self._number = 0
        self._replies: dict[int, dict[str, object]] = {}
        self._woken = asyncio.Event()
        self.caller.feed.on_wake(lambda urgent: self._woken.set())

    async def call(self, method: str, params: object = None) -> object:
        self._number += 1
        call = {"id": self._number, "method": method, "params": params}
        batch = {"version": CONTRACT_VERSION, "load": LOAD, "calls": [call]}
        self._door.post(self.caller, json.dumps(batch))
        number = self._number
        await self._until(lambda: number in self._replies)
        reply = self._replies.pop(number)
        if not reply["ok"]:
            error = reply["error"]
            assert isinstance(error, dict)
            raise Refused(error)
        return reply["value"]

    async def fields(self, method: str, params: object = None) -> dict[str, object]:
        value = await self.call(method, params)
        assert isinstance(value, dict)
        return value

    def take(self) -> None:
        while (push := self.caller.feed.next()) is not None:
            for item in json.loads(f"[{push.items}]"):
                if item["channel"] == "reply":
                    self._replies[item["id"]] = item
                elif item["channel"] == "topic":
                    self.topics[item["name"], item["key"]] = item["value"]
                else:
                    self.events.append(item)
            self.caller.feed.acknowledge(push.load, push.number)

    async def ended(self, inference_id: object) -> None:
        """Wait for the end of a run, with or without an error."""
        endings = {(name, inference_id) for name in ("llm:done", "llm:error")}
        await self._until(
            lambda: (
                not endings.isdisjoint(
                    (event["channel"], event["inferenceId"]) for event in self.events
                )
            )
        )

    async def event(self, channel: str) -> dict[str, object]:
        """Wait for the first event of a channel."""
        await self._until(lambda: any(event["channel"] == channel for event in self.events))
        return next(event for event in self.events if event["channel"] == channel)

    async def imported(self, import_id: object) -> dict[str, object]:
        """Wait for the end of an import; returns its last state."""
        key = ("import", str(import_id))
        await self._until(
            lambda: self.topics.get(key, {}).get("state") in ("done", "cancelled", "failed")
        )
        return self.topics[key]

    async def topic(self, name: str, condition: Callable[[Any], bool]) -> Any:
        """Wait until the value of a topic meets the condition; returns the value."""
        self.take()
        await self._until(lambda: condition(self.topics.get((name, ""), [])))
        return self.topics[name, ""]

    async def done(self, inference_id: object) -> None:
        ending = ("llm:done", inference_id)
        await self._until(
            lambda: ending in {(event["channel"], event["inferenceId"]) for event in self.events}
        )

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._woken.clear()
                self.take()
                if not condition():
                    await self._woken.wait()


@dataclass
class House:
    desk: Desk
    door: Door
    settings: SettingsFile
    keys: Keys
    page: Page
    folder: Path
    imports: Imports


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    desk = Desk(tmp_path)
    settings = SettingsFile(tmp_path)
    keys = Keys(lambda: None)
    wire = WireLog(tmp_path, lambda: True, list)
    imports = Imports(desk.store, tmp_path, desk.topics)
    exports = Exports(
        desk.store, settings, lambda: desk.answers.idle and imports.idle, reload_nothing
    )
    door = Door(
        {
            "conversations": ConversationsApi(
                desk.store, desk.answers, imports, exports, desk.compactions, wire.forget
            ),
            "keys": KeysApi(keys, lambda: {"openai": "https://api.openai.com/v1"}),
            "settings": SettingsApi(settings, wire.clear),
        }
    )
    yield House(desk, door, settings, keys, Page(door, "window-1", desk.topics), tmp_path, imports)
    await door.close()
    await imports.close()
    await desk.close()


async def test_a_page_talks_and_finds_everything_again(house: House) -> None:
    page = house.page
    conversation = (await page.fields("conversations.create", {"folder": "Work"}))["id"]
    sent = await page.fields(
        "conversations.send", {"conversationId": conversation, "content": "hello searchable"}
    )
    await page.done(sent["inferenceId"])
    tokens = [event["token"] for event in page.events if event["channel"] == "llm:token"]
    assert "".join(map(str, tokens)) == "hello searchable"
    await house.desk.wait_until_stored(str(conversation))
    view = await page.fields("conversations.get", {"conversationId": conversation})
    assert isinstance(view["messages"], list)
    assert [message["content"] for message in view["messages"]] == ["hello searchable"] * 2
    await page.call("conversations.rename", {"conversationId": conversation, "title": "Named"})
    await page.call("conversations.pin", {"conversationId": conversation, "pinned": True})
    moved = await page.fields(
        "conversations.move", {"conversationId": conversation, "folder": None}
    )
    assert (moved["title"], moved["pinned"], moved["folder"]) == ("Named", True, None)
    found = await page.call("conversations.search", {"query": "searchab"})
    assert isinstance(found, dict)
    assert {hit["messageId"] for hit in found["hits"]} == {sent["messageId"], sent["answerId"]}
    await page.call("conversations.delete", conversation)
    assert await page.call("conversations.list") == []
    found = await page.call("conversations.search", {"query": "searchab"})
    assert found == {"hits": [], "more": None}
    await page.call("conversations.undelete", conversation)
    assert len(list(await page.call("conversations.list"))) == 1  # type: ignore[call-overload]


async def test_branches_and_jumps(house: House) -> None:
    page = house.page
    conversation = (await page.fields("conversations.create", {}))["id"]
    send = {"conversationId": conversation, "content": "first"}
    first = await page.fields("conversations.send", send)
    await page.done(first["inferenceId"])
    for method, more in (("edit", {"content": "second"}), ("regenerate", {"providerId": "other"})):
        params = {"messageId": first["messageId"], **more}
        await page.done((await page.fields(f"conversations.{method}", params))["inferenceId"])
    await house.desk.wait_until_stored(str(conversation))
    view = await page.fields("conversations.choose", first["answerId"])
    assert isinstance(view["messages"], list)
    question, answer = view["messages"]
    assert (question["content"], len(question["siblings"])) == ("first", 2)
    assert (answer["id"], len(answer["siblings"])) == (first["answerId"], 2)


async def test_another_window_attaches_to_what_one_window_asked(house: House) -> None:
    conversation = (await house.page.fields("conversations.create", {}))["id"]
    params = {"conversationId": conversation, "content": "/stall"}
    sent = await house.page.fields("conversations.send", params)
    other = Page(house.door, "window-2")
    listed = await other.call("conversations.list")
    assert isinstance(listed, list)
    assert listed[0]["inferenceId"] == sent["inferenceId"]
    assert house.desk.engine.cancel("window-2", str(sent["inferenceId"]))
    await house.page.done(sent["inferenceId"])


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("get", {"conversationId": "no-such"}),
        ("get", {"conversationId": "../../etc"}),
        ("send", {"conversationId": "no-such", "content": "x"}),
        ("send", {"conversationId": "no-such", "content": ""}),
        ("edit", {"messageId": "no-such", "content": "x"}),
        ("choose", "no-such"),
        ("delete", "no-such"),
        ("undelete", "no-such"),
        ("attachment", "0" * 64),
        ("attachment", "../secret"),
        ("save_attachment", {"hash": "0" * 64, "name": "a.png"}),
        ("save_attachment", {"hash": "0" * 64, "name": "../a.png"}),
        ("export", {"conversationIds": ["no-such"], "format": "json"}),
        ("export", {"format": "exe"}),
        ("restore", "../../etc/passwd"),
        ("import_write", {"importId": "no-such", "data": "AAAA"}),
        ("import_cancel", "no-such"),
    ],
)
async def test_what_is_not_there_or_makes_no_sense_is_refused(
    house: House, method: str, params: object
) -> None:
    with pytest.raises(Refused) as refused:
        await house.page.call(f"conversations.{method}", params)
    assert refused.value.code in ("NOT_FOUND", "VALIDATION")


async def test_an_import_comes_in_pieces_and_says_how_far_it_is(house: House) -> None:
    page = house.page
    conversations = [
        {"id": f"c-{n}", "mapping": {"a": {"message": user_message(f"word{n} " * 50)}}}
        for n in range(300)
    ]
    body = json.dumps(conversations).encode()
    import_id = await page.call("conversations.import_begin", {"name": "c.json", "size": len(body)})
    for start in range(0, len(body), 20_000):
        data = base64.b64encode(body[start : start + 20_000]).decode()
        await page.call("conversations.import_write", {"importId": import_id, "data": data})
    state = await page.imported(import_id)
    assert (state["state"], state["conversations"], state["messages"]) == ("done", 300, 300)
    assert state["readBytes"] == state["totalBytes"] == len(body)
    assert not await page.call("conversations.import_cancel", import_id)
    assert [path.name for path in house.folder.iterdir() if path.name.startswith("tmp")] == []


async def test_an_import_can_be_stopped_while_it_is_received_and_while_it_runs(
    house: House,
) -> None:
    page = house.page
    begin = {"name": "c.json", "size": 10}
    first = await page.call("conversations.import_begin", begin)
    second = await page.call("conversations.import_begin", begin)
    with pytest.raises(Refused) as refused:
        await page.call("conversations.import_begin", begin)
    assert refused.value.code == "LIMIT"
    for import_id in (first, second):
        assert await page.call("conversations.import_cancel", import_id)
        assert (await page.imported(import_id))["state"] == "cancelled"
    too_much = await page.call("conversations.import_begin", {"name": "x", "size": 3})
    with pytest.raises(Refused, match="more data"):
        await page.call("conversations.import_write", {"importId": too_much, "data": "AAAAAAAA"})
    await page.call("conversations.import_write", {"importId": too_much, "data": "AAAA"})
    state = await page.imported(too_much)
    assert state["state"] == "failed"
    assert "not JSON" in str(state["failure"])


def user_message(text: str) -> dict[str, object]:
    content = {"content_type": "text", "parts": [text]}
    return {"author": {"role": "user"}, "content": content}


async def test_exports_and_backups_come_back(house: House) -> None:
    page = house.page
    conversation = await house.desk.begin()
    await house.desk.send(conversation, "to be kept")
    await page.call("settings.update", {"theme": "dark"})
    for ending, start in (("json", "{"), ("md", "# to be kept"), ("html", "<!doctype html>")):
        reply = await page.fields("conversations.export", {"format": ending})
        assert str(reply["text"]).startswith(start)
        whole = {"json": ".tidewire.json"}.get(ending, f".{ending}")
        assert str(reply["name"]).endswith(whole)
    path = await page.call(
        "conversations.export_file", {"conversationIds": [conversation], "format": "json"}
    )
    assert str(path).endswith(".tidewire.json")
    assert FORMAT in Path(str(path)).read_text("utf-8")  # noqa: ASYNC240
    backup = await page.fields("conversations.backup")
    assert [backup] == await page.call("conversations.backups")
    await house.desk.send(conversation, "to be gone")
    await page.call("settings.update", {"theme": "light"})
    before = page.topics["store", ""]
    after = await page.fields("conversations.restore", backup["name"])
    assert int(str(after["version"])) > int(str(before["version"]))
    assert await house.desk.texts(conversation) == ["to be kept", "to be kept"]
    assert house.settings.preferences.theme == "dark"
    # The conversations from before the restore are in a backup of their own.
    names = [entry["name"] for entry in await page.call("conversations.backups")]  # type: ignore[attr-defined]
    [safety] = [name for name in names if name.startswith("before-")]
    await page.call("conversations.restore", safety)
    assert len(await house.desk.texts(conversation)) == 4


async def test_an_attachment_is_saved_beside_what_is_there(house: House) -> None:
    page = house.page
    conversation = await house.desk.begin()
    data = base64.b64encode(b"%PDF-1.7").decode()
    file = FilePart(name="report.pdf", media_type="application/pdf", data=data)
    await house.desk.send(conversation, [file])
    [question, _] = (await house.desk.view(conversation)).messages
    attachment = question.content[0]
    assert isinstance(attachment, Attachment)
    name = "..a: b.pdf"
    copy = {"hash": attachment.hash, "name": name}
    paths = [Path(str(await page.call("conversations.save_attachment", copy))) for _ in range(2)]
    assert [path.name for path in paths] == ["a_ b.pdf", "a_ b (2).pdf"]
    assert {path.parent.name for path in paths} == {"exports"}
    assert {path.read_bytes() for path in paths} == {b"%PDF-1.7"}


async def test_a_text_is_saved_to_a_file_of_its_own(house: House) -> None:
    file = {"name": "code.py", "text": "print('Ebbe und Flut – 潮')\n"}
    paths = [Path(str(await house.page.call("conversations.save_text", file))) for _ in range(2)]
    assert [path.name for path in paths] == ["code.py", "code (2).py"]
    assert {path.parent.name for path in paths} == {"exports"}
    assert {path.read_text("utf-8") for path in paths} == {file["text"]}
    for bad in ({"name": "../x", "text": ""}, {"name": "x", "text": "y" * 4_000_001}):
        with pytest.raises(Refused) as refused:
            await house.page.call("conversations.save_text", bad)
        assert refused.value.code == "VALIDATION"


async def test_nothing_is_restored_under_a_running_answer(house: House) -> None:
    conversation = await house.desk.begin()
    backup = await house.page.fields("conversations.backup")
    params = {"conversationId": conversation, "content": "/stall"}
    sent = await house.page.fields("conversations.send", params)
    with pytest.raises(Refused) as refused:
        await house.page.call("conversations.restore", backup["name"])
    assert refused.value.code == "SESSION_BUSY"
    house.desk.engine.cancel("window-1", str(sent["inferenceId"]))


async def test_nothing_is_begun_while_a_backup_is_restored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = house.page
    conversation = await house.desk.begin()
    await house.desk.send(conversation, "kept")
    backup = await page.fields("conversations.backup")
    begun, go_on = asyncio.Event(), threading.Event()
    loop, unpack = asyncio.get_running_loop(), bundle.unpack

    def slow(source: Path, folder: Path) -> bundle.UnpackedBundle:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        return unpack(source, folder)

    monkeypatch.setattr(bundle, "unpack", slow)
    other = Page(house.door, "window-2")
    restored = asyncio.ensure_future(other.fields("conversations.restore", backup["name"]))
    await begun.wait()
    words = {"conversationId": conversation, "content": "meanwhile"}
    message = (await house.desk.view(conversation)).messages[0].id
    calls: list[tuple[str, object]] = [
        ("send", words),
        ("regenerate", {"messageId": message}),
        ("choose", message),
        ("create", {"title": "meanwhile"}),
        ("rename", {"conversationId": conversation, "title": "meanwhile"}),
        ("pin", {"conversationId": conversation, "pinned": True}),
        ("move", {"conversationId": conversation, "folder": "meanwhile"}),
        ("delete", conversation),
        ("undelete", conversation),
        ("remember", {"name": "draft", "text": "meanwhile"}),
        ("import_begin", {"name": "a.json", "size": 2}),
    ]
    for method, params in calls:
        with pytest.raises(Refused) as refused:
            await page.call(f"conversations.{method}", params)
        assert (refused.value.code, refused.value.reason) == ("SESSION_BUSY", "RESTORING"), method
    with pytest.raises(Refused) as refused:
        await page.call("conversations.restore", backup["name"])
    assert refused.value.code == "SESSION_BUSY"
    # A restore does not touch conversations that are only in memory.
    temporary = await page.fields("conversations.create", {"temporary": True})
    change = {"conversationId": temporary["id"], "title": "unharmed"}
    assert (await page.fields("conversations.rename", change))["title"] == "unharmed"
    go_on.set()
    await restored
    assert await house.desk.texts(conversation) == ["kept", "kept"]
    await house.desk.send(conversation, "afterwards")
    assert await house.desk.texts(conversation) == ["kept", "kept", "afterwards", "afterwards"]


async def test_what_was_acknowledged_before_a_restore_is_in_the_safety_copy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, database = house.page, house.desk.store.database
    conversation = await house.desk.begin()
    await house.desk.send(conversation, "kept")
    backup = await page.fields("conversations.backup")
    begun, go_on = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        begun.set()
        go_on.wait()

    # The writer is busy, so the rename waits in its queue as the restore begins.
    held = database.write(hold)
    begun.wait()
    change = {"conversationId": conversation, "title": "renamed"}
    renamed = asyncio.ensure_future(page.fields("conversations.rename", change))
    unpacked = asyncio.Event()
    loop, unpack = asyncio.get_running_loop(), bundle.unpack

    def unpack_and_signal(source: Path, folder: Path) -> bundle.UnpackedBundle:
        made = unpack(source, folder)
        loop.call_soon_threadsafe(unpacked.set)
        return made

    monkeypatch.setattr(bundle, "unpack", unpack_and_signal)
    other = Page(house.door, "window-2")
    restored = asyncio.ensure_future(other.fields("conversations.restore", backup["name"]))
    await unpacked.wait()
    go_on.set()
    await asyncio.wrap_future(held)
    await renamed
    await restored
    listed = await asyncio.to_thread(house.desk.store.backups.list_all)
    [safety] = [entry.name for entry in listed if entry.name.startswith("before-")]
    with closing(apsw.Connection(str(house.folder / "backups" / safety))) as connection:
        assert connection.execute("SELECT title FROM conversations").get == "renamed"


async def test_nothing_is_restored_under_an_import(house: House) -> None:
    backup = await house.page.fields("conversations.backup")
    await house.page.call("conversations.import_begin", {"name": "a.json", "size": 2})
    with pytest.raises(Refused, match="imports to finish"):
        await house.page.call("conversations.restore", backup["name"])
    house.imports.forget_caller("window-1")
    await house.page.call("conversations.restore", backup["name"])


async def test_what_a_page_has_begun_to_hand_over_goes_with_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = {"name": "a.json", "size": 2}
    for _ in range(MAX_ACTIVE):
        await house.page.call("conversations.import_begin", file)
    other = Page(house.door, "window-2")
    with pytest.raises(Refused) as refused:
        await other.call("conversations.import_begin", file)
    assert refused.value.code == "LIMIT"
    house.imports.forget_caller("window-1")
    for _ in range(MAX_ACTIVE):
        await other.call("conversations.import_begin", file)
    # After a reload the page does not know its imports any more.
    monkeypatch.setattr("shell.conversations.imports.UPLOAD_TIMEOUT_S", 0.0)
    await other.call("conversations.import_begin", file)


async def test_a_broken_backup_changes_nothing(house: House) -> None:
    conversation = await house.desk.begin()
    await house.desk.send(conversation, "kept")
    backup = await house.page.fields("conversations.backup")
    path = house.folder / "backups" / str(backup["name"])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refused, match="not a complete Tidewire backup"):
        await house.page.call("conversations.restore", backup["name"])
    assert await house.desk.texts(conversation) == ["kept", "kept"]


async def test_every_window_is_pushed_the_changes_of_the_store(house: House) -> None:
    await house.desk.begin()
    other = Page(house.door, "window-2", topics=house.desk.topics)
    other.take()
    before = int(str(other.topics["store", ""]["version"]))
    await house.desk.begin()
    for page in (house.page, other):
        page.take()
        assert page.topics["store", ""] == {
            "version": before + 1,
            "problem": None,
            "summaries": 0,
            "remarks": [],
        }


async def test_a_key_goes_in_and_never_comes_out(house: House) -> None:
    page = house.page
    status = await page.fields("keys.set", {"providerId": "openai", "key": CANARY})
    assert (status["configured"], status["source"], status["hint"]) == (True, "session", "3f60")
    everything = [
        await page.call("keys.list"),
        await page.call("settings.get"),
        await page.fields("conversations.backup"),
    ]
    with pytest.raises(Refused) as refused:
        await page.call("keys.set", {"providerId": "openai", "key": f"{CANARY} {CANARY}"})
    assert CANARY not in json.dumps(everything) + str(refused.value)
    with pytest.raises(Refused):
        await page.call("keys.set", {"providerId": "nobody", "key": CANARY})
    for path in house.folder.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
    assert not (await page.fields("keys.remove", "openai"))["configured"]


async def test_a_message_that_is_too_long_is_refused_with_what_helps(house: House) -> None:
    conversation = (await house.page.fields("conversations.create", {}))["id"]
    with pytest.raises(Refused, match=r"at most 100,000 characters\. Attach it as a file"):
        await house.page.call(
            "conversations.send", {"conversationId": conversation, "content": "x" * 100_001}
        )
