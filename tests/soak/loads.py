"""The program under load and faults: many tabs, a large store, a full disk, stopped processes.

`python -m tests.soak.loads URL` is a tab that asks for a long answer and reports that it has begun;
`stopped_page` stops it.
"""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from shell.contract import CONTRACT_VERSION, ImagePart, NewConversation, TextPart
from shell.store.database import Connection
from shell.store.messages import tree
from shell.store.messages.content import take_apart
from shell.store.store import Store
from shell.support.ids import new_id
from tests.caller_page import Story
from tests.command import run, started
from tests.host_process import ROOT, HostProcess
from tests.soak.result import Check, Figure, Result
from tests.soak.store import small_disk
from tests.way_in import Entry, come_in, new_link, ticket_of

PATIENCE_S = 120.0
"""How long anything may take before the check fails."""
TABS, WORDS, ROUNDS = 100, 20, 4
TABS_GROWTH_MB = 10.0
"""From the end of the first round to the end of the last."""
GRACE_S = 1
CONVERSATIONS = 50_000
LIST_S, OPEN_S, SEARCH_S, HOST_MB = 5.0, 1.0, 1.0, 600.0
PICTURES, PICTURE_BYTES, SENDS = 30, 3_000_000, 5
SENDS_MB, GROWTH_MB = 800.0, 100.0
DISK_KB = 8_000
STOPPED_S = 20.0
STALL_MS = 5_000
STORY = "Write a long story about a lighthouse keeper, with many details."


class Tab:
    """A browser's tab: its calls, and the runs and topics that it is told of."""

    def __init__(self, host: str) -> None:
        self.stories: dict[str, Story] = {}
        self.topics: list[Mapping[str, object]] = []
        self._host = host
        self._load = str(uuid.uuid4())
        self._replies: dict[int, Mapping[str, object]] = {}
        self._calls = self._last_push = 0
        self._changed = asyncio.Condition()

    @classmethod
    async def open(cls, url: str) -> Self:
        """Come in by a link and say hello."""
        parts = urlsplit(url)
        tab = cls(parts.netloc)
        origin = Origin(f"http://{parts.netloc}")
        tab._socket = await connect(f"ws://{parts.netloc}/door", origin=origin, max_size=None)
        await come_in(tab._socket, Entry(load=tab._load, ticket=ticket_of(url)))
        tab._reader = asyncio.create_task(tab._read())
        await tab.call("shell.hello", {"version": CONTRACT_VERSION, "lastPush": 0})
        return tab

    _socket: ClientConnection
    _reader: asyncio.Task[None]

    async def call(self, method: str, params: object = None) -> object:
        """One call and its value.

        Raises:
            CallFailed: with the host's error.
        """
        self._calls += 1
        number = self._calls
        call = {"id": number, "method": method, "params": params}
        batch = {"version": CONTRACT_VERSION, "load": self._load, "calls": [call]}
        await self._socket.send(json.dumps(batch))
        await self.until(lambda: number in self._replies)
        reply = self._replies.pop(number)
        if not reply["ok"]:
            raise CallFailed(reply["error"])
        return reply["value"]

    async def begin(self, method: str, params: object) -> Mapping[str, str]:
        """Make a call whose reply is an object of texts."""
        value = await self.call(method, params)
        assert isinstance(value, dict)
        return value

    async def infer(self, script: str, provider: str = "echo", **fields: object) -> str:
        """Begin a run and return its id."""
        messages = [{"role": "user", "content": script}]
        params = {"providerId": provider, "messages": messages, **fields}
        return str(await self.call("llm.inference", params))

    async def ended(self, inference_id: str) -> Story:
        """Wait for the end of a run; returns all of it."""
        await self.until(lambda: self.story(inference_id).ending is not None)
        return self.story(inference_id)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what the host told makes this true."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: condition() or self._reader.done())
        assert condition(), "the connection has ended"

    async def writes(self, inference_id: str, parts: int) -> None:
        """Wait until a run has written more than so many parts."""
        await self.until(lambda: self.story(inference_id).parts > parts)

    def story(self, inference_id: str) -> Story:
        """What this tab knows of a run."""
        return self.stories.setdefault(inference_id, Story())

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                frame = json.loads(text)
                if "push" in frame:
                    async with self._changed:
                        await self._receive(*frame["push"])
        except ConnectionClosed:
            pass
        async with self._changed:
            self._changed.notify_all()

    async def _receive(self, load: str, number: int, items: list[dict[str, object]]) -> None:
        if load != self._load:
            return
        if number > self._last_push:
            assert number == self._last_push + 1, "a push was left out"
            self._last_push = number
            for item in items:
                if item["channel"] == "reply":
                    self._replies[int(str(item["id"]))] = item
                elif item["channel"] == "topic":
                    self.topics.append(item)
                else:
                    self.story(str(item["inferenceId"])).take(item)
            self._changed.notify_all()
        await self._socket.send(json.dumps({"answer": [load, number]}))


class CallFailed(Exception):
    """A call was answered with an error."""

    def __init__(self, error: object) -> None:
        super().__init__(error)
        assert isinstance(error, dict)
        self.code = str(error["code"])


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[HostProcess, Mapping[str, object]]]:
    """`serve` with the echo provider, and the line that says where it is."""
    command = ("shell", "serve", "--no-open", "--data-dir", str(folder))
    with HostProcess(*command, "--grace", str(GRACE_S), *(more or ECHO)) as host:
        yield host, host.json_line()


ECHO = ("--provider", "echo")


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Megabytes of memory that a process has, or had at most (`VmHWM`)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return round(int(line.split()[1]) / 1024, 1)


def peak_mb(pid: int) -> float:
    """The most memory since the last time this was asked."""
    peak = memory_mb(pid, "VmHWM")
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak


def files(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def timed(tab: Tab, method: str, params: object = None) -> tuple[float, object]:
    """One call: how long it took, and its value."""
    began = time.monotonic()
    value = await tab.call(method, params)
    return round(time.monotonic() - began, 2), value


def wait_for_files(pid: int, most: int) -> None:
    """Wait until a process has at most so many files open, or too long."""
    deadline = time.monotonic() + PATIENCE_S
    while files(pid) > most and time.monotonic() < deadline:
        time.sleep(0.1)


def tabs() -> Result:
    """A hundred tabs ask at the same time, and leave nothing behind."""
    return asyncio.run(_tabs())


async def _tabs() -> Result:
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (host, ready):
        pid = host.process.pid
        first = await Tab.open(str(ready["url"]))
        await first.ended(await first.infer("/rate 0\nhello"))
        before_mb, before_files = memory_mb(pid), files(pid)
        rounds: list[tuple[float, float]] = []
        whole = 0
        after: list[float] = []
        for _ in range(ROUNDS):
            began = time.monotonic()
            opened = [await Tab.open(new_link(ready)) for _ in range(TABS)]
            open_s = time.monotonic() - began
            began = time.monotonic()
            script = f"/rate 0\n/repeat {WORDS} word"
            runs = await asyncio.gather(*(tab.infer(script) for tab in opened))
            pairs = zip(opened, runs, strict=True)
            ended = await asyncio.gather(*(tab.ended(one) for tab, one in pairs))
            rounds.append((open_s, time.monotonic() - began))
            text = " ".join(["word"] * WORDS)
            whole += sum(story.text == text for story in ended)
            peak, most_files = memory_mb(pid), files(pid)
            await asyncio.gather(*(tab.close() for tab in opened))
            await asyncio.to_thread(wait_for_files, pid, before_files)
            # The runs of a tab are let go of when its grace period is over.
            await asyncio.sleep(GRACE_S + 1)
            after.append(memory_mb(pid))
        after_files = files(pid)
        await first.close()
    figures: dict[str, Figure] = {
        "tabs": TABS,
        "whole": whole,
        "openS": round(rounds[0][0], 2),
        "answersS": round(rounds[0][1], 2),
        "beforeMb": before_mb,
        "withTabsMb": peak,
        "afterFirstMb": after[0],
        "afterLastMb": after[-1],
        "filesBefore": before_files,
        "filesWithTabs": most_files,
        "filesAfter": after_files,
    }
    ok = whole == ROUNDS * TABS and after_files <= before_files
    return Result(ok and after[-1] - after[0] < TABS_GROWTH_MB, figures)


def conversations() -> Result:
    """A store of 50,000 conversations: the list, one of them, a search."""
    return asyncio.run(_conversations())


def write_conversations(folder: Path) -> None:
    """So many conversations of a question and an answer."""
    store = Store(folder)
    store.open()

    def write(begin: int, connection: Connection) -> None:
        for place in range(begin, begin + 1_000):
            title = NewConversation(title=f"conversation {place}")
            number = tree.create(connection, new_id(), title, place)
            asked = tree.NewMessage(new_id(), "user", take_apart(f"question w{place}"), place)
            parent = tree.add(connection, number, None, asked)
            text = f"The tide of w{place} rises twice a day."
            said = tree.NewMessage(new_id(), "assistant", take_apart(text), place)
            tree.add(connection, number, parent, said)

    for begin in range(0, CONVERSATIONS, 1_000):
        store.database.write(partial(write, begin)).result()
    store.close()


async def _conversations() -> Result:
    with tempfile.TemporaryDirectory() as name:
        began = time.monotonic()
        write_conversations(Path(name))
        built_s = round(time.monotonic() - began, 1)
        with serving(Path(name)) as (host, ready):
            pid = host.process.pid
            tab = await Tab.open(str(ready["url"]))
            before = peak_mb(pid)
            list_s, listed = await timed(tab, "conversations.list")
            assert isinstance(listed, list)
            again_s, _ = await timed(tab, "conversations.list")
            list_mb = peak_mb(pid)
            view = {"conversationId": listed[CONVERSATIONS // 2]["id"]}
            open_s, _ = await timed(tab, "conversations.get", view)
            rare_s, rare = await timed(tab, "conversations.search", {"query": "w31415"})
            common_s, common = await timed(tab, "conversations.search", {"query": "tide"})
            assert isinstance(rare, dict)
            assert isinstance(common, dict)
            search_mb = peak_mb(pid)
            await tab.close()
    figures: dict[str, Figure] = {
        "builtS": built_s,
        "listed": len(listed),
        "listBytes": len(json.dumps(listed)),
        "listS": list_s,
        "listAgainS": again_s,
        "openS": open_s,
        "rareSearchS": rare_s,
        "rareHits": len(rare["hits"]),
        "commonSearchS": common_s,
        "commonHits": len(common["hits"]),
        "beforeMb": before,
        "listPeakMb": list_mb,
        "searchPeakMb": search_mb,
    }
    ok = len(listed) == CONVERSATIONS and bool(rare["hits"]) and bool(common["hits"])
    ok = ok and list_s <= LIST_S and open_s <= OPEN_S and max(rare_s, common_s) <= SEARCH_S
    return Result(ok and max(list_mb, search_mb) <= HOST_MB, figures)


def attachments() -> Result:
    """A path with 30 pictures of 3 MB: what the host takes for it."""
    return asyncio.run(_attachments())


def write_pictures(folder: Path) -> None:
    """A conversation of 60 messages, every second one with a picture of its own."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        number = tree.create(connection, "pictures", NewConversation(title="pictures"), 1)
        parent = None
        for _ in range(PICTURES):
            data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + os.urandom(PICTURE_BYTES)).decode()
            picture = ImagePart(media_type="image/png", data=data)
            asked = take_apart([TextPart(text="What is this?"), picture])
            parent = tree.add(
                connection, number, parent, tree.NewMessage(new_id(), "user", asked, 1)
            )
            said = tree.NewMessage(new_id(), "assistant", take_apart("The sea."), 1)
            parent = tree.add(connection, number, parent, said)

    store.database.write(write).result()
    store.close()


async def _attachments() -> Result:
    with tempfile.TemporaryDirectory() as name:
        write_pictures(Path(name))
        with serving(Path(name)) as (host, ready):
            pid = host.process.pid
            tab = await Tab.open(str(ready["url"]))
            before = peak_mb(pid)
            view_s, _ = await timed(tab, "conversations.get", {"conversationId": "pictures"})
            view_mb = peak_mb(pid)
            sends: list[float] = []
            rests: list[float] = []
            began = time.monotonic()
            for _ in range(SENDS):
                params = {"conversationId": "pictures", "content": "/rate 0\nhello"}
                reply = await tab.begin("conversations.send", params)
                story = await tab.ended(reply["inferenceId"])
                assert story.text == "hello", story
                sends.append(peak_mb(pid))
                rests.append(memory_mb(pid))
            send_s = round((time.monotonic() - began) / SENDS, 2)
            request = {"conversationIds": ["pictures"], "format": "json"}
            export_s, path = await timed(tab, "conversations.export_file", request)
            export_mb = peak_mb(pid)
            size = os.path.getsize(str(path))  # noqa: ASYNC240, PTH202
            await tab.close()
    figures: dict[str, Figure] = {
        "beforeMb": before,
        "viewS": view_s,
        "viewPeakMb": view_mb,
        "sendS": send_s,
        "firstSendPeakMb": sends[0],
        "lastSendPeakMb": sends[-1],
        "firstRestMb": rests[0],
        "lastRestMb": rests[-1],
        "exportS": export_s,
        "exportPeakMb": export_mb,
        "exportBytes": size,
    }
    ok = size > PICTURES * PICTURE_BYTES and max(*sends, export_mb, view_mb) <= SENDS_MB
    return Result(ok and sends[-1] - sends[1] < GROWTH_MB, figures)


def full_disk() -> Result:
    """The disk becomes full while an answer streams, and is freed again."""
    return asyncio.run(_full_disk())


def problem(tab: Tab) -> object:
    """What the tab was last told of the store."""
    values = [topic["value"] for topic in tab.topics if topic["name"] == "store"]
    return values[-1]["problem"] if values and isinstance(values[-1], dict) else None


async def _full_disk() -> Result:
    words = 6_000
    with small_disk(DISK_KB) as folder:
        with serving(folder) as (_, ready):
            tab = await Tab.open(str(ready["url"]))
            conversation = await tab.begin("conversations.create", {})
            about = {"conversationId": conversation["id"]}
            kept = {**about, "content": "/rate 0\nacknowledged before"}
            await tab.ended((await tab.begin("conversations.send", kept))["inferenceId"])
            long = {**about, "content": f"/rate 400\n/repeat {words} lighthouse"}
            begun = await tab.begin("conversations.send", long)
            await tab.writes(begun["inferenceId"], 100)
            stuffing = folder / "stuffing"
            stuff(stuffing)
            await tab.until(lambda: problem(tab) is not None)
            said = str(problem(tab))
            refused = await refusal(tab, "conversations.create", {})
            went_on_at = tab.story(begun["inferenceId"]).parts
            await tab.writes(begun["inferenceId"], went_on_at)
            stuffing.unlink()
            await tab.until(lambda: problem(tab) is None)
            story = await tab.ended(begun["inferenceId"])
            after = {**about, "content": "/rate 0\nacknowledged afterwards"}
            await tab.ended((await tab.begin("conversations.send", after))["inferenceId"])
            await tab.close()
        with serving(folder) as (_, ready):
            tab = await Tab.open(str(ready["url"]))
            view = await tab.begin("conversations.get", about)
            await tab.close()
        texts = texts_of(view)
    whole = " ".join(["lighthouse"] * words)
    ok = story.text == whole and texts[3] == whole and "full" in said
    ok = ok and texts[1] == "acknowledged before" and texts[5] == "acknowledged afterwards"
    figures: dict[str, Figure] = {
        "problem": said,
        "refused": refused,
        "messages": len(texts),
        "whole": ok,
    }
    return Result(ok and refused == "STORAGE_UNAVAILABLE", figures)


def stuff(path: Path) -> None:
    """Fill the disk with one file, to the last block."""
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4_096):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break


async def refusal(tab: Tab, method: str, params: object) -> str:
    """Make a call; returns the code of its error, or nothing when it has none."""
    try:
        await tab.call(method, params)
    except CallFailed as error:
        return error.code
    return ""


def texts_of(view: Mapping[str, object]) -> list[str]:
    """The texts of a conversation's messages."""
    messages = view["messages"]
    assert isinstance(messages, list)
    texts = []
    for message in messages:
        content = message["content"]
        parts = [content] if isinstance(content, str) else [p.get("text", "") for p in content]
        texts.append("".join(parts))
    return texts


def read_only() -> Result:
    """A data directory on a file system that cannot be written: one sentence each."""
    figures: dict[str, Figure] = {}
    ok = True
    for state in ("empty", "used"):
        with small_disk(DISK_KB) as folder:
            if state == "used":
                asyncio.run(_use(folder))
            mount = ["mount", "-o", "remount,ro", str(folder)]
            subprocess.run(mount, check=True)
            where = ("--data-dir", str(folder), *ECHO)
            for name, words in (("serve", ("serve", "--no-open")), ("ask", ("ask", "/rate 0\nhi"))):
                done = run(*words, *where)
                figures[f"{state}_{name}"] = f"{done.status}: {done.err.strip()[:400]}"
                # A question needs nothing of the data directory, so `ask` may answer.
                answered = name == "ask" and done.status == 0 and done.out.strip() == "hi"
                sentence = done.status == 1 and done.is_one_sentence(str(folder))
                ok = ok and (sentence or (answered and not done.err))
    return Result(ok, figures)


async def _use(folder: Path) -> None:
    with serving(folder) as (_, ready):
        tab = await Tab.open(str(ready["url"]))
        await tab.call("conversations.create", {})
        await tab.close()


def two_hosts() -> Result:
    """A second host on the same data directory ends with a sentence; the first goes on."""
    return asyncio.run(_two_hosts())


async def _two_hosts() -> Result:
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (_, ready):
        tab = await Tab.open(str(ready["url"]))
        conversation = await tab.begin("conversations.create", {})
        content = "/rate 100\n/repeat 300 word"
        params = {"conversationId": conversation["id"], "content": content}
        begun = await tab.begin("conversations.send", params)
        done = await asyncio.to_thread(run, "serve", "--no-open", "--data-dir", name, *ECHO)
        story = await tab.ended(begun["inferenceId"])
        whole = story.text == " ".join(["word"] * 300)
        await tab.close()
    ok = done.status == 1 and done.out == "" and done.is_one_sentence()
    return Result(ok and whole, {"status": done.status, "said": done.err.strip(), "whole": whole})


def stopped_host() -> Result:
    """The host is stopped for 20 s in an answer, as a laptop that sleeps stops it."""
    return asyncio.run(_stopped_host())


async def _stopped_host() -> Result:
    words = 1_000
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (host, ready):
        tab = await Tab.open(str(ready["url"]))
        conversation = await tab.begin("conversations.create", {})
        about = {"conversationId": conversation["id"]}
        params = {**about, "content": f"/rate 100\n/repeat {words} word"}
        begun = await tab.begin("conversations.send", params)
        await tab.writes(begun["inferenceId"], 50)
        host.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(STOPPED_S)
        finally:
            host.process.send_signal(signal.SIGCONT)
        woke = time.monotonic()
        at = tab.story(begun["inferenceId"]).parts
        await tab.writes(begun["inferenceId"], at)
        on_s = round(time.monotonic() - woke, 2)
        story = await tab.ended(begun["inferenceId"])
        await tab.call("conversations.spent", conversation["id"])
        stored = texts_of(await tab.begin("conversations.get", about))[1]
        await tab.close()
    whole = " ".join(["word"] * words)
    figures = {"goesOnAfterS": on_s, "shown": story.text == whole, "stored": stored == whole}
    return Result(story.text == whole == stored, figures)


def stopped_page() -> Result:
    """A page that is stopped in a long answer does not read; another tab is answered.

    The host may close the connection of a page that does not answer its pings for 10 s. Then a
    page comes in again, which this one does not.
    """
    return asyncio.run(_stopped_page())


async def _stopped_page() -> Result:
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (host, ready):
        pid = host.process.pid
        tab = await Tab.open(str(ready["url"]))
        await tab.ended(await tab.infer("/rate 0\nhello"))
        with page_process(new_link(ready)) as page:
            try:
                assert page.stdout is not None
                assert page.stdout.readline() == "begun\n"
                page.send_signal(signal.SIGSTOP)
                before = memory_mb(pid)
                began, slowest, whole = time.monotonic(), 0.0, 0
                while time.monotonic() - began < STOPPED_S:
                    asked = time.monotonic()
                    story = await tab.ended(await tab.infer("/rate 0\n/repeat 20 word"))
                    whole += story.text == " ".join(["word"] * 20)
                    slowest = max(slowest, time.monotonic() - asked)
                    await asyncio.sleep(0.2)
                after = memory_mb(pid)
                page.send_signal(signal.SIGCONT)
                outcome = (await asyncio.to_thread(page.stdout.readline)).strip()
            finally:
                page.kill()
        await tab.close()
    figures: dict[str, Figure] = {
        "wholeBeside": whole,
        "slowestMs": round(slowest * 1_000),
        "beforeMb": before,
        "afterMb": after,
        "stoppedPage": outcome,
    }
    return Result(
        whole > 10 and outcome in ("whole", "closed") and after - before < GROWTH_MB, figures
    )


PAGE_WORDS = 400_000


def page_process(url: str) -> "subprocess.Popen[str]":
    """A process that is a page."""
    command = [sys.executable, "-m", "tests.soak.loads", url]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def be_page(url: str) -> None:
    """Ask for a long answer and read it: what the process does that is stopped."""
    tab = await Tab.open(url)
    run_id = await tab.infer(f"/rate 20000\n/repeat {PAGE_WORDS} word", timeoutMs=110_000)
    await tab.writes(run_id, 100)
    print("begun", flush=True)
    try:
        story = await tab.ended(run_id)
    except AssertionError:
        print("closed", flush=True)
        return
    is_whole = story.parts == PAGE_WORDS and len(story.text) == PAGE_WORDS * 5 - 1
    print("whole" if is_whole else f"not whole: {story.parts} {story.ending}", flush=True)
    await tab.close()


def wait_until_stopped(pid: int) -> None:
    """Wait until a process has stopped: its threads run on until the signal is delivered."""
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "it does not stop"
        time.sleep(0.01)


def stopped_model() -> Result:
    """The embedded model's process hangs in an answer: the run ends, the next one is answered."""
    return asyncio.run(_stopped_model())


async def _stopped_model() -> Result:
    with (
        tempfile.TemporaryDirectory() as name,
        started("serve", "--no-open", "--data-dir", name, "--provider", "local") as program,
    ):
        tab = await Tab.open(str(program.line()["url"]))
        ends: list[tuple[float, Story]] = []
        children: set[int] = set()
        for is_stopped_by_person in (False, True):
            limits = {"timeoutMs": 110_000, "betweenTimeoutMs": STALL_MS, "maxTokens": 2_000}
            asked = await tab.infer(STORY, "local", **limits)
            await tab.writes(asked, 3)
            (child,) = program.family() - {program.process.pid}
            children.add(child)
            os.kill(child, signal.SIGSTOP)
            await asyncio.to_thread(wait_until_stopped, child)
            began = time.monotonic()
            if is_stopped_by_person:
                await tab.call("llm.cancel", asked)
            story = await tab.ended(asked)
            ends.append((round(time.monotonic() - began, 2), story))
        began = time.monotonic()
        last = await tab.ended(await tab.infer("Hello", "local", maxTokens=10))
        next_s = round(time.monotonic() - began, 2)
        left = len(children & program.family())
        await tab.close()
        result, stop_s = await asyncio.to_thread(program.stop)
    stalled, cancelled = (story.ending or {} for _, story in ends)
    code = str(stalled.get("code"))
    is_cancelled = bool(cancelled.get("cancelled"))
    answered = (last.ending or {}).get("channel") == "llm:done"
    figures: dict[str, Figure] = {
        "stalledCode": code,
        "stalledAfterS": ends[0][0],
        "cancelled": is_cancelled,
        "cancelledAfterS": ends[1][0],
        "children": len(children),
        "childrenLeft": left,
        "nextAnswered": answered,
        "nextAnsweredAfterS": next_s,
        "hostStatus": result.status,
        "hostEndsAfterS": round(stop_s, 2),
    }
    ok = code == "STREAM_TIMEOUT" and is_cancelled and answered and result.status == 0
    return Result(ok and len(children) == 2 and not left and result.err == "", figures)


CHECKS: dict[str, Check] = {
    "tabs": tabs,
    "conversations": conversations,
    "attachments": attachments,
    "full_disk": full_disk,
    "read_only": read_only,
    "two_hosts": two_hosts,
    "stopped_host": stopped_host,
    "stopped_page": stopped_page,
    "stopped_model": stopped_model,
}

if __name__ == "__main__":
    asyncio.run(be_page(sys.argv[1]))
