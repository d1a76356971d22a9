"""The program under load and faults: many tabs, a large store, a full disk, stopped processes.

`python -m tests.soak.loads URL` runs a tab that requests a long answer and reports when it begins.
`stopped_page` stops that process.
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
from tests.way_in import Entry, handshake, new_link, ticket_of

PATIENCE_S = 120.0
"""Timeout of every wait, after which the check fails."""
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
    """A browser's tab: its calls, and the runs and topics that it receives."""

    def __init__(self, host: str) -> None:
        self.stories: dict[str, Story] = {}
        self.topics: list[Mapping[str, object]] = []
        self._host = host
        self._load = str(uuid.uuid4())
        self._replies: dict[int, Mapping[str, object]] = {}
        self._last_call = self._last_push = 0
        self._changed = asyncio.Condition()

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect by a link and send the hello."""
        parts = urlsplit(url)
        tab = cls(parts.netloc)
        origin = Origin(f"http://{parts.netloc}")
        tab._socket = await connect(f"ws://{parts.netloc}/door", origin=origin, max_size=None)
        await handshake(tab._socket, Entry(load=tab._load, ticket=ticket_of(url)))
        tab._reader = asyncio.create_task(tab._read())
        await tab.call("shell.hello", {"version": CONTRACT_VERSION, "lastPush": 0})
        return tab

    _socket: ClientConnection
    _reader: asyncio.Task[None]

    async def call(self, method: str, params: object = None) -> object:
        """Make a call and return its value.

        Raises:
            CallFailed: with the host's error.
        """
        self._last_call += 1
        number = self._last_call
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

    async def wait_for_end(self, inference_id: str) -> Story:
        """Wait for the end of a run and return it."""
        await self.until(lambda: self.story(inference_id).ending is not None)
        return self.story(inference_id)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a push of the host makes the condition true."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: condition() or self._reader.done())
        assert condition(), "the connection has ended"

    async def wait_for_parts(self, inference_id: str, parts: int) -> None:
        """Wait until a run has written more than so many parts."""
        await self.until(lambda: self.story(inference_id).parts > parts)

    def story(self, inference_id: str) -> Story:
        """The run as this tab sees it."""
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
    """Run `serve`, by default with the echo provider; yields it and its first line of output."""
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
    """The process's peak of memory since the last call of this function."""
    peak = memory_mb(pid, "VmHWM")
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak


def files(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def timed(tab: Tab, method: str, params: object = None) -> tuple[float, object]:
    """Make one call; returns its seconds and its value."""
    started_at = time.monotonic()
    value = await tab.call(method, params)
    return round(time.monotonic() - started_at, 2), value


def wait_for_files(pid: int, max_files: int) -> None:
    """Wait until a process has at most `max_files` open, or until the timeout."""
    deadline = time.monotonic() + PATIENCE_S
    while files(pid) > max_files and time.monotonic() < deadline:
        time.sleep(0.1)


def tabs() -> Result:
    """Have a hundred tabs ask at the same time, and check for leaked memory and files."""
    return asyncio.run(_tabs())


async def _tabs() -> Result:
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (host, ready):
        pid = host.process.pid
        first = await Tab.open(str(ready["url"]))
        await first.wait_for_end(await first.infer("/rate 0\nhello"))
        before_mb, before_files = memory_mb(pid), files(pid)
        rounds: list[tuple[float, float]] = []
        complete_count = 0
        after: list[float] = []
        for _ in range(ROUNDS):
            started_at = time.monotonic()
            open_tabs = [await Tab.open(new_link(ready)) for _ in range(TABS)]
            open_s = time.monotonic() - started_at
            started_at = time.monotonic()
            script = f"/rate 0\n/repeat {WORDS} word"
            runs = await asyncio.gather(*(tab.infer(script) for tab in open_tabs))
            pairs = zip(open_tabs, runs, strict=True)
            stories = await asyncio.gather(*(tab.wait_for_end(run_id) for tab, run_id in pairs))
            rounds.append((open_s, time.monotonic() - started_at))
            text = " ".join(["word"] * WORDS)
            complete_count += sum(story.text == text for story in stories)
            peak, most_files = memory_mb(pid), files(pid)
            await asyncio.gather(*(tab.close() for tab in open_tabs))
            await asyncio.to_thread(wait_for_files, pid, before_files)
            # The host releases the runs of a tab after its grace period.
            await asyncio.sleep(GRACE_S + 1)
            after.append(memory_mb(pid))
        after_files = files(pid)
        await first.close()
    figures: dict[str, Figure] = {
        "tabs": TABS,
        "whole": complete_count,
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
    ok = complete_count == ROUNDS * TABS and after_files <= before_files
    return Result(ok and after[-1] - after[0] < TABS_GROWTH_MB, figures)


def conversations() -> Result:
    """List, open and search in a store of 50,000 conversations."""
    return asyncio.run(_conversations())


def write_conversations(folder: Path) -> None:
    """Write 50,000 conversations of a question and an answer."""
    store = Store(folder)
    store.open()

    def write(begin: int, connection: Connection) -> None:
        for index in range(begin, begin + 1_000):
            title = NewConversation(title=f"conversation {index}")
            number = tree.create(connection, new_id(), title, index)
            question = tree.NewMessage(new_id(), "user", take_apart(f"question w{index}"), index)
            parent = tree.add(connection, number, None, question)
            text = f"The tide of w{index} rises twice a day."
            answer = tree.NewMessage(new_id(), "assistant", take_apart(text), index)
            tree.add(connection, number, parent, answer)

    for begin in range(0, CONVERSATIONS, 1_000):
        store.database.write(partial(write, begin)).result()
    store.close()


async def _conversations() -> Result:
    with tempfile.TemporaryDirectory() as name:
        started_at = time.monotonic()
        write_conversations(Path(name))
        built_s = round(time.monotonic() - started_at, 1)
        with serving(Path(name)) as (host, ready):
            pid = host.process.pid
            tab = await Tab.open(str(ready["url"]))
            before = peak_mb(pid)
            list_s, listed = await timed(tab, "conversations.list")
            assert isinstance(listed, list)
            second_list_s, _ = await timed(tab, "conversations.list")
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
        "listAgainS": second_list_s,
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
    """Measure the host's memory for a conversation with 30 pictures of 3 MB."""
    return asyncio.run(_attachments())


def write_pictures(folder: Path) -> None:
    """Write a conversation of 60 messages, every second one with a different picture."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        number = tree.create(connection, "pictures", NewConversation(title="pictures"), 1)
        parent = None
        for _ in range(PICTURES):
            data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + os.urandom(PICTURE_BYTES)).decode()
            picture = ImagePart(media_type="image/png", data=data)
            question_parts = take_apart([TextPart(text="What is this?"), picture])
            parent = tree.add(
                connection, number, parent, tree.NewMessage(new_id(), "user", question_parts, 1)
            )
            answer = tree.NewMessage(new_id(), "assistant", take_apart("The sea."), 1)
            parent = tree.add(connection, number, parent, answer)

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
            send_peaks_mb: list[float] = []
            after_sends_mb: list[float] = []
            started_at = time.monotonic()
            for _ in range(SENDS):
                params = {"conversationId": "pictures", "content": "/rate 0\nhello"}
                reply = await tab.begin("conversations.send", params)
                story = await tab.wait_for_end(reply["inferenceId"])
                assert story.text == "hello", story
                send_peaks_mb.append(peak_mb(pid))
                after_sends_mb.append(memory_mb(pid))
            send_s = round((time.monotonic() - started_at) / SENDS, 2)
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
        "firstSendPeakMb": send_peaks_mb[0],
        "lastSendPeakMb": send_peaks_mb[-1],
        "firstRestMb": after_sends_mb[0],
        "lastRestMb": after_sends_mb[-1],
        "exportS": export_s,
        "exportPeakMb": export_mb,
        "exportBytes": size,
    }
    ok = size > PICTURES * PICTURE_BYTES and max(*send_peaks_mb, export_mb, view_mb) <= SENDS_MB
    return Result(ok and send_peaks_mb[-1] - send_peaks_mb[1] < GROWTH_MB, figures)


def full_disk() -> Result:
    """Fill the disk while an answer streams, and free it again."""
    return asyncio.run(_full_disk())


def problem(tab: Tab) -> object:
    """The store's problem as last published to the tab."""
    values = [topic["value"] for topic in tab.topics if topic["name"] == "store"]
    return values[-1]["problem"] if values and isinstance(values[-1], dict) else None


async def _full_disk() -> Result:
    word_count = 6_000
    with small_disk(DISK_KB) as folder:
        with serving(folder) as (_, ready):
            tab = await Tab.open(str(ready["url"]))
            conversation = await tab.begin("conversations.create", {})
            about = {"conversationId": conversation["id"]}
            first_message = {**about, "content": "/rate 0\nacknowledged before"}
            await tab.wait_for_end(
                (await tab.begin("conversations.send", first_message))["inferenceId"]
            )
            long = {**about, "content": f"/rate 400\n/repeat {word_count} lighthouse"}
            reply = await tab.begin("conversations.send", long)
            await tab.wait_for_parts(reply["inferenceId"], 100)
            filler = folder / "stuffing"
            fill_disk(filler)
            await tab.until(lambda: problem(tab) is not None)
            problem_text = str(problem(tab))
            refused = await refusal(tab, "conversations.create", {})
            parts_before = tab.story(reply["inferenceId"]).parts
            await tab.wait_for_parts(reply["inferenceId"], parts_before)
            filler.unlink()
            await tab.until(lambda: problem(tab) is None)
            story = await tab.wait_for_end(reply["inferenceId"])
            last_message = {**about, "content": "/rate 0\nacknowledged afterwards"}
            await tab.wait_for_end(
                (await tab.begin("conversations.send", last_message))["inferenceId"]
            )
            await tab.close()
        with serving(folder) as (_, ready):
            tab = await Tab.open(str(ready["url"]))
            view = await tab.begin("conversations.get", about)
            await tab.close()
        texts = texts_of(view)
    full_text = " ".join(["lighthouse"] * word_count)
    ok = story.text == full_text and texts[3] == full_text and "full" in problem_text
    ok = ok and texts[1] == "acknowledged before" and texts[5] == "acknowledged afterwards"
    figures: dict[str, Figure] = {
        "problem": problem_text,
        "refused": refused,
        "messages": len(texts),
        "whole": ok,
    }
    return Result(ok and refused == "STORAGE_UNAVAILABLE", figures)


def fill_disk(path: Path) -> None:
    """Fill the disk to its last block with one file."""
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4_096):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break


async def refusal(tab: Tab, method: str, params: object) -> str:
    """Make a call; returns the code of its error, or an empty text if it succeeds."""
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
        parts = (
            [content] if isinstance(content, str) else [part.get("text", "") for part in content]
        )
        texts.append("".join(parts))
    return texts


def read_only() -> Result:
    """Use a data directory on a read-only file system: each command fails with one sentence."""
    figures: dict[str, Figure] = {}
    ok = True
    for state in ("empty", "used"):
        with small_disk(DISK_KB) as folder:
            if state == "used":
                asyncio.run(_create_conversation(folder))
            mount = ["mount", "-o", "remount,ro", str(folder)]
            subprocess.run(mount, check=True)
            where = ("--data-dir", str(folder), *ECHO)
            for name, command in (
                ("serve", ("serve", "--no-open")),
                ("ask", ("ask", "/rate 0\nhi")),
            ):
                result = run(*command, *where)
                figures[f"{state}_{name}"] = f"{result.status}: {result.err.strip()[:400]}"
                # `ask` may succeed, since it does not need the data directory.
                is_answered = name == "ask" and result.status == 0 and result.out.strip() == "hi"
                is_refused = result.status == 1 and result.is_one_sentence(str(folder))
                ok = ok and (is_refused or (is_answered and not result.err))
    return Result(ok, figures)


async def _create_conversation(folder: Path) -> None:
    with serving(folder) as (_, ready):
        tab = await Tab.open(str(ready["url"]))
        await tab.call("conversations.create", {})
        await tab.close()


def two_hosts() -> Result:
    """Start a second host on a data directory: it ends with one sentence, the first continues."""
    return asyncio.run(_two_hosts())


async def _two_hosts() -> Result:
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (_, ready):
        tab = await Tab.open(str(ready["url"]))
        conversation = await tab.begin("conversations.create", {})
        content = "/rate 100\n/repeat 300 word"
        params = {"conversationId": conversation["id"], "content": content}
        reply = await tab.begin("conversations.send", params)
        result = await asyncio.to_thread(run, "serve", "--no-open", "--data-dir", name, *ECHO)
        story = await tab.wait_for_end(reply["inferenceId"])
        is_complete = story.text == " ".join(["word"] * 300)
        await tab.close()
    ok = result.status == 1 and result.out == "" and result.is_one_sentence()
    return Result(
        ok and is_complete,
        {"status": result.status, "said": result.err.strip(), "whole": is_complete},
    )


def stopped_host() -> Result:
    """Stop the host for 20 s in the middle of an answer, like a laptop that sleeps."""
    return asyncio.run(_stopped_host())


async def _stopped_host() -> Result:
    word_count = 1_000
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (host, ready):
        tab = await Tab.open(str(ready["url"]))
        conversation = await tab.begin("conversations.create", {})
        about = {"conversationId": conversation["id"]}
        params = {**about, "content": f"/rate 100\n/repeat {word_count} word"}
        reply = await tab.begin("conversations.send", params)
        await tab.wait_for_parts(reply["inferenceId"], 50)
        host.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(STOPPED_S)
        finally:
            host.process.send_signal(signal.SIGCONT)
        resumed_at = time.monotonic()
        parts_before = tab.story(reply["inferenceId"]).parts
        await tab.wait_for_parts(reply["inferenceId"], parts_before)
        resume_s = round(time.monotonic() - resumed_at, 2)
        story = await tab.wait_for_end(reply["inferenceId"])
        await tab.call("conversations.spent", conversation["id"])
        stored = texts_of(await tab.begin("conversations.get", about))[1]
        await tab.close()
    full_text = " ".join(["word"] * word_count)
    figures = {
        "goesOnAfterS": resume_s,
        "shown": story.text == full_text,
        "stored": stored == full_text,
    }
    return Result(story.text == full_text == stored, figures)


def stopped_page() -> Result:
    """Stop a page in the middle of a long answer, while the host answers another tab.

    The host may close the connection of a page that does not answer its pings for 10 s. A real page
    would then reconnect; this one does not.
    """
    return asyncio.run(_stopped_page())


async def _stopped_page() -> Result:
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as (host, ready):
        pid = host.process.pid
        tab = await Tab.open(str(ready["url"]))
        await tab.wait_for_end(await tab.infer("/rate 0\nhello"))
        with page_process(new_link(ready)) as page:
            try:
                assert page.stdout is not None
                assert page.stdout.readline() == "begun\n"
                page.send_signal(signal.SIGSTOP)
                before = memory_mb(pid)
                started_at, slowest, complete_count = time.monotonic(), 0.0, 0
                while time.monotonic() - started_at < STOPPED_S:
                    sent_at = time.monotonic()
                    story = await tab.wait_for_end(await tab.infer("/rate 0\n/repeat 20 word"))
                    complete_count += story.text == " ".join(["word"] * 20)
                    slowest = max(slowest, time.monotonic() - sent_at)
                    await asyncio.sleep(0.2)
                after = memory_mb(pid)
                page.send_signal(signal.SIGCONT)
                outcome = (await asyncio.to_thread(page.stdout.readline)).strip()
            finally:
                page.kill()
        await tab.close()
    figures: dict[str, Figure] = {
        "wholeBeside": complete_count,
        "slowestMs": round(slowest * 1_000),
        "beforeMb": before,
        "afterMb": after,
        "stoppedPage": outcome,
    }
    return Result(
        complete_count > 10 and outcome in ("whole", "closed") and after - before < GROWTH_MB,
        figures,
    )


PAGE_WORDS = 400_000


def page_process(url: str) -> "subprocess.Popen[str]":
    """Start a process that acts as a page."""
    command = [sys.executable, "-m", "tests.soak.loads", url]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def run_page(url: str) -> None:
    """Act as a page that requests a long answer and reads it."""
    tab = await Tab.open(url)
    run_id = await tab.infer(f"/rate 20000\n/repeat {PAGE_WORDS} word", timeoutMs=110_000)
    await tab.wait_for_parts(run_id, 100)
    print("begun", flush=True)
    try:
        story = await tab.wait_for_end(run_id)
    except AssertionError:
        print("closed", flush=True)
        return
    is_complete = story.parts == PAGE_WORDS and len(story.text) == PAGE_WORDS * 5 - 1
    print("whole" if is_complete else f"not whole: {story.parts} {story.ending}", flush=True)
    await tab.close()


def wait_until_stopped(pid: int) -> None:
    """Wait until a process has stopped. Its threads run until the signal is delivered."""
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "it does not stop"
        time.sleep(0.01)


def stopped_model() -> Result:
    """Stop the embedded model's process in an answer: the run ends, and the next one succeeds."""
    return asyncio.run(_stopped_model())


async def _stopped_model() -> Result:
    with (
        tempfile.TemporaryDirectory() as name,
        started("serve", "--no-open", "--data-dir", name, "--provider", "local") as program,
    ):
        tab = await Tab.open(str(program.line()["url"]))
        endings: list[tuple[float, Story]] = []
        children: set[int] = set()
        for is_stopped_by_person in (False, True):
            limits = {"timeoutMs": 110_000, "betweenTimeoutMs": STALL_MS, "maxTokens": 2_000}
            run_id = await tab.infer(STORY, "local", **limits)
            await tab.wait_for_parts(run_id, 3)
            (child,) = program.process_ids() - {program.process.pid}
            children.add(child)
            os.kill(child, signal.SIGSTOP)
            await asyncio.to_thread(wait_until_stopped, child)
            started_at = time.monotonic()
            if is_stopped_by_person:
                await tab.call("llm.cancel", run_id)
            story = await tab.wait_for_end(run_id)
            endings.append((round(time.monotonic() - started_at, 2), story))
        started_at = time.monotonic()
        next_story = await tab.wait_for_end(await tab.infer("Hello", "local", maxTokens=10))
        next_s = round(time.monotonic() - started_at, 2)
        remaining = len(children & program.process_ids())
        await tab.close()
        result, stop_s = await asyncio.to_thread(program.stop)
    stalled, cancelled = (story.ending or {} for _, story in endings)
    code = str(stalled.get("code"))
    is_cancelled = bool(cancelled.get("cancelled"))
    is_answered = (next_story.ending or {}).get("channel") == "llm:done"
    figures: dict[str, Figure] = {
        "stalledCode": code,
        "stalledAfterS": endings[0][0],
        "cancelled": is_cancelled,
        "cancelledAfterS": endings[1][0],
        "children": len(children),
        "childrenLeft": remaining,
        "nextAnswered": is_answered,
        "nextAnsweredAfterS": next_s,
        "hostStatus": result.status,
        "hostEndsAfterS": round(stop_s, 2),
    }
    ok = code == "STREAM_TIMEOUT" and is_cancelled and is_answered and result.status == 0
    return Result(ok and len(children) == 2 and not remaining and result.err == "", figures)


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
    asyncio.run(run_page(sys.argv[1]))
