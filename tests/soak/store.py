"""Long checks of the store: large, full, locked, with a large import, and a real keychain."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from shell.contract import NewConversation, SearchRequest, SendRequest
from shell.errors import StorageUnavailable
from shell.store.exchange.importing import ImportCancelled, ImportedPart, import_file
from shell.store.messages import tree
from shell.store.messages.content import take_apart
from shell.store.store import Store
from shell.support.ids import new_id
from shell.tools.base import Arguments, Progress
from tests.engine.functions import Functions
from tests.soak.result import Check, Result
from tests.store import scale
from tests.store.calls_desk import CallsDesk
from tests.store.calls_killing import kill_hosts
from tests.store.desk import OWNER, Desk
from tests.store.test_weight import MOST_BYTES, weigh
from tests.virtual_loop import VirtualLoop

ROOT = Path(__file__).parents[2]
BARS = {
    "lastConversationMs": 300,
    "longConversationMs": 1_000,
    "largeConversationMs": 1_000,
    "searchMs": 100,
    "memoryMb": 150,
}
LOCKED_S = 30
CALL_KILLS, KILLS_OF_ONE_DIRECTORY = 1_000, 50
LONG_CONVERSATIONS, LONG_MESSAGES_EACH, LONG_CHARACTERS = 20, 100, 40_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
HARD_QUERIES = {
    "absent": "abcdef",
    "letters": " ".join(LETTERS[index % 26] for index in range(250)),
    "phrase": f'"{" ".join(LETTERS)} zz"',
    "common": "bcde",
}
IMPORT_BYTES = 200_000_000
KEYRING = "eval $(echo | gnome-keyring-daemon --unlock --components=secrets) && exec {command}"
TRIED_KEY = "sk-soak-0123456789abcdef"


def large() -> Result:
    """100,000 messages in 2,000 conversations, and two that are long by themselves."""
    with tempfile.TemporaryDirectory() as folder:
        started_at = time.monotonic()
        scale.build(Path(folder))
        built_s = round(time.monotonic() - started_at, 1)
        output = subprocess.run(
            [sys.executable, "-m", "tests.store.scale", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    figures: dict[str, float] = json.loads(output)
    ok = all(figures[name] <= bar for name, bar in BARS.items())
    return Result(ok, {"builtS": built_s, **figures})


def calls() -> Result:
    """Kill a host whose answers call tools 1,000 times."""
    total = Counter[str]()
    reopened_s, faults = 0.0, []
    for seed in range(CALL_KILLS // KILLS_OF_ONE_DIRECTORY):
        with tempfile.TemporaryDirectory() as folder:
            outcome = kill_hosts(Path(folder), KILLS_OF_ONE_DIRECTORY, seed)
        total.update(kills=outcome.kills, begun=outcome.begun, decided=outcome.decided)
        total.update(killedWhileRunning=outcome.lost)
        reopened_s = max(reopened_s, outcome.reopened_s)
        faults += outcome.faults
    figures = {**total, "faults": len(faults), "longestReopeningMs": round(reopened_s * 1000)}
    if faults:
        sys.stderr.write("\n".join(faults) + "\n")
    return Result(not faults and reopened_s < 2.0, figures)


def many_calls() -> Result:
    """Measure how long 1,000 calls take to reach their function, and their conversation to open."""
    loop = asyncio.new_event_loop()
    try:
        with tempfile.TemporaryDirectory() as folder:
            opened_ms, start_ms, calls = loop.run_until_complete(_many_calls(Path(folder)))
    finally:
        loop.close()
    figures = {
        "calls": calls,
        "openedMs": round(opened_ms, 1),
        "startP50Ms": round(start_ms[len(start_ms) // 2], 2),
        "startP99Ms": round(start_ms[len(start_ms) * 99 // 100], 2),
    }
    ok = calls == 1_000 and opened_ms <= 300 and figures["startP50Ms"] <= 15
    return Result(ok, figures)


async def _many_calls(folder: Path) -> tuple[float, list[float], int]:
    call_starts: list[float] = []

    async def run_look(arguments: Arguments, progress: Progress) -> str:
        call_starts.append(time.monotonic())
        return "It is blue. " * 40

    functions = Functions()
    functions.add("look", run_look)
    desk = CallsDesk(folder, functions, "look")
    talk = await desk.begin()
    delays_ms: list[float] = []
    for round_number in range(50):
        parts = [f'/call look {{"at": {100 * round_number + n}}}' for n in range(20)]
        script = "\n/then\n".join([*parts, "Done."])
        request = SendRequest(conversation_id=talk, content=script, tools="all")
        started = await desk.answers.send(OWNER, request)
        async for event in started.log.follow():
            if event.channel == "llm:call" and event.state == "allowed":
                complete = time.monotonic()
            elif event.channel == "llm:result":
                delays_ms.append((call_starts[-1] - complete) * 1_000)
        await desk.wait_until_stored(talk)
    opened_at = time.monotonic()
    view = await desk.view(talk)
    opened_ms = (time.monotonic() - opened_at) * 1_000
    calls = sum(part.type == "call" for message in view.messages for part in message.parts)
    await desk.close()
    return opened_ms, sorted(delays_ms), calls


def weight() -> Result:
    """Compare the bytes written for 2,000 tokens with a file that is rewritten for each token."""
    loop = VirtualLoop()
    try:
        with tempfile.TemporaryDirectory() as folder:
            written, rewritten = loop.run_until_complete(weigh(Path(folder)))
    finally:
        loop.close()
    figures = {"writtenMb": round(written / 1e6, 2), "rewrittenMb": round(rewritten / 1e6, 1)}
    return Result(written <= MOST_BYTES and written < rewritten, figures)


@contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """Mount a small file system in memory. Only root can do so."""
    with tempfile.TemporaryDirectory() as name:
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", name]
        subprocess.run(command, check=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


def full() -> Result:
    """Fill a real disk at 20 points: acknowledged messages stay, and the store recovers."""
    if os.name == "nt" or os.geteuid() != 0:
        return Result(False, {"leftOut": "only root can make a small file system"})
    outcomes = [asyncio.run(_fill(point)) for point in range(20)]
    refused = sum(outcome == "refused" for outcome in outcomes)
    broken = sum(outcome == "broken" for outcome in outcomes)
    return Result(broken == 0 and refused > 0, {"points": 20, "refused": refused, "broken": broken})


async def _fill(point: int) -> str:
    with small_disk(4_000) as folder:
        desk = Desk(folder)
        conversation = await desk.begin()
        acknowledged = await desk.send(conversation, "kept before")
        filler = folder / "stuffing"
        free = shutil.disk_usage(folder).free
        filler.write_bytes(b"x" * max(0, free - point * 8_192))
        outcome = "accepted"
        try:
            await desk.send(conversation, f"/repeat 2000 word{point}")
        except StorageUnavailable as error:
            outcome = "refused" if "full" in error.message else "broken"
            if desk.store.state().problem is None:
                outcome = "broken"
        filler.unlink()
        await desk.wait_until_stored(conversation)
        await desk.send(conversation, "kept afterwards")
        texts = await desk.texts(conversation)
        full_text = " ".join([f"word{point}"] * 2_000)
        if texts[:1] != ["kept before"] or texts[-1] != "kept afterwards":
            outcome = "broken"
        if len(texts) == 6 and texts[3] != full_text:
            outcome = "broken"
        if desk.store.state().problem is not None or not acknowledged.answer_id:
            outcome = "broken"
        await desk.close()
        return outcome


def locked() -> Result:
    """Lock the database from another connection for 30 s in the middle of an answer."""
    return asyncio.run(_locked())


async def _locked() -> Result:
    with tempfile.TemporaryDirectory() as name:
        desk = Desk(Path(name))
        conversation, other_conversation = await desk.begin(), await desk.begin()
        word_count = 50 * (LOCKED_S - 10)
        request = SendRequest(
            conversation_id=conversation, content=f"/rate 50\n/repeat {word_count} word"
        )
        started = await desk.answers.send(OWNER, request)
        with closing(apsw.Connection(str(desk.store.path))) as holder:
            holder.execute("BEGIN IMMEDIATE")
            sent_at = time.monotonic()
            refused = False
            try:
                await desk.send(other_conversation, "not now")
            except StorageUnavailable as error:
                refused = "locked" in error.message
            refused_s = round(time.monotonic() - sent_at, 1)
            await asyncio.sleep(LOCKED_S - refused_s)
            is_reported = desk.store.state().problem is not None
            holder.execute("ROLLBACK")
        released = time.monotonic()
        await desk.done(started)
        saved_s = round(time.monotonic() - released, 1)
        is_complete = (await desk.texts(conversation))[1] == " ".join(["word"] * word_count)
        await desk.close()
    figures = {
        "refusedAfterS": refused_s,
        "keptAfterS": saved_s,
        "said": is_reported,
        "whole": is_complete,
    }
    return Result(refused and is_reported and is_complete, figures)


def big_import() -> Result:
    """Import a ChatGPT export of 200 MB as a stream, with progress, and cancel one import."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "conversations.json"
        conversations = _write_export(path)
        child = [sys.executable, "-m", "tests.soak.store", name]
        output = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    figures = json.loads(output)
    ok = (
        figures["conversations"] == conversations
        and figures["progress"] > 50
        and figures["memoryMb"] < 150
        and figures["cancelledAfterMs"] < 1_000
    )
    return Result(ok, {"expected": conversations, **figures})


def _write_export(path: Path) -> int:
    text = "The quick brown fox jumps over the lazy dog, and says so at length. " * 60
    count = 0
    with path.open("w") as file:
        file.write("[")
        while file.tell() < IMPORT_BYTES:
            nodes = {
                f"n{index}": {
                    "parent": f"n{index - 1}" if index else None,
                    "children": [f"n{index + 1}"] if index < 9 else [],
                    "message": {
                        "author": {"role": "assistant" if index % 2 else "user"},
                        "content": {"content_type": "text", "parts": [f"{count} {index} {text}"]},
                    },
                }
                for index in range(10)
            }
            conversation = {"id": f"c{count}", "title": f"Conversation {count}", "mapping": nodes}
            file.write(("," if count else "") + json.dumps({**conversation, "current_node": "n9"}))
            count += 1
        file.write("]")
    return count


def measure_import(folder: Path) -> None:
    """Import the export in this process, and print its figures as JSON."""
    path = folder / "conversations.json"
    size = path.stat().st_size
    store = Store(folder)
    store.open()
    before, progress_calls = scale.memory_mb(), [0]
    stop = threading.Event()
    stopped_at = [0.0]

    def progress(arrived: ImportedPart) -> None:
        progress_calls[0] += 1
        if stop.is_set():
            raise ImportCancelled

    def cancel() -> None:
        stopped_at[0] = time.monotonic()
        stop.set()

    with path.open("rb") as file:
        timer = threading.Timer(2.0, cancel)
        timer.start()
        try:
            import_file(store.database, file, size, progress)
        except ImportCancelled:
            cancelled_ms = round((time.monotonic() - stopped_at[0]) * 1000)
    stop.clear()
    started_at = time.monotonic()
    with path.open("rb") as file:
        arrived = import_file(store.database, file, size, progress)
    figures = {
        "conversations": arrived.conversations + arrived.skipped,
        "seconds": round(time.monotonic() - started_at, 1),
        "progress": progress_calls[0],
        "memoryMb": round(scale.memory_mb() - before, 1),
        "cancelledAfterMs": cancelled_ms,
    }
    store.close()
    print(json.dumps(figures))


def hard_search() -> Result:
    """Search 80 MB for a missing word and for 250 words while conversations are opened."""
    return asyncio.run(_hard_search())


async def _hard_search() -> Result:
    with tempfile.TemporaryDirectory() as name:
        desk = Desk(Path(name))
        for _ in range(LONG_CONVERSATIONS):
            desk.store.database.write(_add_long_messages).result()
        other_conversation = await desk.begin()
        await desk.send(other_conversation, "hello")
        figures: dict[str, float] = {}
        for title, query in HARD_QUERIES.items():
            search_task = asyncio.create_task(_search(desk, query))
            view_times_s: list[float] = []
            while not search_task.done() or not view_times_s:
                started_at = time.perf_counter()
                await desk.view(other_conversation)
                view_times_s.append(time.perf_counter() - started_at)
            first_s, total_s, hits = await search_task
            figures[f"{title}FirstMs"] = round(first_s * 1_000, 1)
            figures[f"{title}WholeMs"] = round(total_s * 1_000, 1)
            figures[f"{title}OpenMs"] = round(max(view_times_s) * 1_000, 1)
            figures[f"{title}Hits"] = hits
        await desk.close()
    ok = all(figures[f"{title}FirstMs"] <= 300 for title in HARD_QUERIES)
    ok = ok and all(figures[f"{title}OpenMs"] <= 100 for title in HARD_QUERIES)
    return Result(ok, figures)


def _add_long_messages(connection: apsw.Connection) -> None:
    # One letter that is not ASCII, and all trigrams of "abcdef" without the word.
    text = "ü" + ("abcd bcde cdef " + " ".join(LETTERS) + " ") * 600
    number = tree.create(connection, new_id(), NewConversation(title="Long"), 1)
    parent = None
    for _ in range(LONG_MESSAGES_EACH):
        message = tree.NewMessage(new_id(), "user", take_apart(text[:LONG_CHARACTERS]), 1)
        parent = tree.add(connection, number, parent, message)


async def _search(desk: Desk, query: str) -> tuple[float, float, int]:
    """Seconds to the first reply and to the end of the search, and the number of hits."""
    started_at = time.perf_counter()
    reply = await desk.conversations.search(desk.caller, SearchRequest(query=query, limit=60))
    first_s, hits = time.perf_counter() - started_at, len(reply.hits)
    while reply.more is not None:
        request = SearchRequest(query=query, limit=60, more=reply.more)
        reply = await desk.conversations.search(desk.caller, request)
        hits += len(reply.hits)
    return first_s, time.perf_counter() - started_at, hits


def keychain() -> Result:
    """Store a key in a real gnome-keyring, on a separate session bus."""
    if not shutil.which("gnome-keyring-daemon") or not shutil.which("dbus-run-session"):
        return Result(False, {"leftOut": "gnome-keyring and dbus-run-session are not installed"})
    with tempfile.TemporaryDirectory() as home_folder:

        def tidewire(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
            program = f"{sys.executable} -m shell --data-dir {home_folder}/data keys"
            script = KEYRING.format(command=f"{program} {' '.join(arguments)}")
            environment = {**os.environ, "HOME": home_folder, "XDG_RUNTIME_DIR": home_folder}
            return subprocess.run(
                ["dbus-run-session", "--", "sh", "-c", script],
                cwd=ROOT,
                input=typed,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

        set_result = tidewire("set", "openai", "--json", typed=f"{TRIED_KEY}\n")
        listed = tidewire("list", "--json")
        stored_files = [path for path in Path(home_folder).rglob("*") if path.is_file()]
        is_plain_text = any(TRIED_KEY.encode() in path.read_bytes() for path in stored_files)
    first = json.loads(listed.stdout.splitlines()[0]) if listed.stdout else {}
    ok = set_result.returncode == 0 and first.get("source") == "keychain" and not is_plain_text
    return Result(
        ok, {"status": set_result.returncode, "source": first.get("source"), "plain": is_plain_text}
    )


CHECKS: Mapping[str, Check] = {
    "large": large,
    "calls": calls,
    "many_calls": many_calls,
    "weight": weight,
    "full": full,
    "locked": locked,
    "import": big_import,
    "hard_search": hard_search,
    "keychain": keychain,
}

if __name__ == "__main__":
    measure_import(Path(sys.argv[1]))
