"""Calls random methods with random arguments, and checks that every call gets a clean reply."""

import json
import random
import re
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from shell.contract import CONTRACT_VERSION
from tests.host_process import ROOT, HostProcess
from tests.way_in import Entry, ticket_of
from tests.window.endurance import resource_usage

LONGEST_ROUND_S = 5.0
BATCH = 500
PATIENCE_S = 90.0
_CALL = re.compile(r'call<[^()]*>\(\s*"([a-z]+\.[a-z_]+)"')
_INVENTED = [
    *("os.system", "llm.__class__", "llm._engine", "shell.door", "__import__", "llm.inference.run"),
    *("llm", ".", "", "conversations.__init__", "providers._providers", "settings.__dict__", "x.y"),
]
_LEAK = re.compile(
    r"Traceback|File \"|object at 0x|<class|site-packages|\.py\b|/(home|root|tmp|usr|work)/"
    r"|\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b"
)
"""Internals in an error: a traceback, a path, or text that looks like the name of a class."""
_WORDS = [
    "",
    "a",
    "echo",
    "inf-1",
    "session",
    "ä🙂\u2028",
    "../..",
    "/nonexistent/x",
    "\x00",
    "9" * 99,
]
_NAMES = [
    *("id", "sessionId", "providerId", "modelId", "inferenceId", "messages", "role", "content"),
    *("conversationId", "messageId", "text", "version", "limit", "query", "title", "settings", "x"),
]


@dataclass
class CallOutcomes:
    """Counts and findings of some calls."""

    calls: int = 0
    replies: int = 0
    longest_s: float = 0.0
    """From the first call of a round to its last reply."""
    codes: Counter[str] = field(default_factory=Counter)
    """Number of replies by error code; `done` counts the successful calls."""
    leaks: list[str] = field(default_factory=list)
    """Refusals that reveal internals of the host."""
    threads: int = 0
    """The most threads that the program had at the end of a round."""


def random_calls(total: int, a_round: int, pause_s: float, seed: int) -> CallOutcomes:
    """Call a real program, which is removed with its data afterwards.

    Args:
        total: number of calls.
        a_round: number of calls in a round, which are sent in batches.
        pause_s: pause between rounds.
        seed: the same seed makes the same calls.
    """
    source = random.Random(seed)  # noqa: S311
    outcomes = CallOutcomes()
    methods = _methods()
    with _program() as (program, page):
        for first in range(0, total, a_round):
            calls = [
                (source.choice(methods), _value(source, 0))
                for _ in range(min(a_round, total - first))
            ]
            started_at = time.monotonic()
            replies = page.ask(calls)
            outcomes.longest_s = max(outcomes.longest_s, time.monotonic() - started_at)
            outcomes.calls += len(calls)
            outcomes.replies += len(replies)
            for reply in replies:
                _judge(outcomes, reply)
            outcomes.threads = max(outcomes.threads, resource_usage(program.process.pid).threads)
            time.sleep(pause_s)
        assert page.ask([("llm.get_status", None)])[0]["ok"]
        outcomes.leaks += [line for line in program.stderr_lines if "Traceback" in line]
    return outcomes


def _methods() -> list[str]:
    contract = (ROOT / "web" / "src" / "bridge" / "contract.ts").read_text("utf-8")
    names = sorted(set(_CALL.findall(contract)))
    assert len(names) > 40, "the contract is written in another way now"
    return [*names, *_INVENTED]


def _judge(outcomes: CallOutcomes, reply: dict[str, object]) -> None:
    error = reply.get("error")
    if reply["ok"] or not isinstance(error, dict):
        outcomes.codes["done"] += 1
        return
    outcomes.codes[str(error["code"])] += 1
    refusal = json.dumps([error["message"], error.get("issues"), error.get("details")])
    if _LEAK.search(refusal):
        outcomes.leaks.append(refusal)


def _value(source: random.Random, depth: int) -> object:
    kind = source.randrange(8 if depth < 3 else 5)
    if kind == 0:
        return source.choice([None, True, False])
    if kind == 1:
        return source.choice([0, 1, -1, 2**53, 1e308, 0.5, source.randrange(10_000)])
    if kind <= 4:
        return source.choice(_WORDS)
    if kind == 5:
        return [_value(source, depth + 1) for _ in range(source.randrange(4))]
    names = source.sample(_NAMES, source.randrange(5))
    return {name: _value(source, depth + 1) for name in names}


class _Page:
    """A tab without a browser."""

    def __init__(self, socket: ClientConnection, load: str) -> None:
        self._socket = socket
        self._load = load
        self._number = 0
        self._last_push = 0

    def ask(self, calls: list[tuple[str, object]]) -> list[dict[str, object]]:
        """The replies to some calls, without those that did not arrive in time."""
        first = self._number + 1
        batch = [
            {"id": first + number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        self._number += len(calls)
        for begin in range(0, len(batch), BATCH):
            part = {"version": CONTRACT_VERSION, "load": self._load}
            self._socket.send(json.dumps({**part, "calls": batch[begin : begin + BATCH]}))
        replies: dict[object, dict[str, object]] = {}
        deadline = time.monotonic() + PATIENCE_S
        while len(replies) < len(calls) and time.monotonic() < deadline:
            load, number, items = json.loads(self._socket.recv(timeout=PATIENCE_S))["push"]
            if number > self._last_push:
                self._last_push = number
                replies |= {item["id"]: item for item in items if item["channel"] == "reply"}
            self._socket.send(json.dumps({"answer": [load, number]}))
        return list(replies.values())


@contextmanager
def _program() -> Iterator[tuple[HostProcess, _Page]]:
    with tempfile.TemporaryDirectory() as folder:
        command = ("shell", "serve", "--no-open", "--data-dir", folder, "--provider", "echo")
        keychain = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        with HostProcess(*command, env=keychain) as program:
            url = urlsplit(str(program.json_line()["url"]))
            load = str(uuid.uuid4())
            address = f"ws://{url.netloc}/door"
            with connect(address, origin=Origin(f"http://{url.netloc}"), max_size=None) as socket:
                entry = Entry(load=load, ticket=ticket_of(url.geturl()))
                socket.send(entry.greeting())
                socket.send(entry.proof(socket.recv(timeout=PATIENCE_S)))
                socket.recv(timeout=PATIENCE_S)
                page = _Page(socket, load)
                hello = {"version": CONTRACT_VERSION, "lastPush": 0}
                assert page.ask([("shell.hello", hello)])[0]["ok"]
                yield program, page
