"""Plays a script in place of a model, for demonstrations, development and tests.

The last user message is the script. The provider echoes plain lines word by word, and runs a line
that begins with a command. `docs/scripting.md` has every command. An unknown command is plain text.

After the script the answer names the pictures and files of the last user message, with their sizes.

Usage is counted in words of the input and pieces of the output. `max_tokens` is obeyed. The model
`echo-strict` refuses a temperature, an effort, a system prompt, pictures and files, as some models
do.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from shell.contract import FinishReason, ImagePart, Message, TextPart
from shell.errors import ErrorCode, ProviderError
from shell.providers.base import (
    OFFERED_EFFORTS,
    Chunk,
    Finish,
    ModelInfo,
    ModelStep,
    PromptProgress,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)

if TYPE_CHECKING:
    from shell.providers.model_list import ListedModel

CONTEXT_TOKENS = 1_000_000
STRICT = "echo-strict"
DEFAULT_RATE = 40.0
"""Words per second, slow enough to watch and to stop."""

GARBAGE = ("\x00\x1b[31m", "\ud83d", "</script><img src=x onerror=1>", "\u202e", "\r\x07")

_PIECES = re.compile(r"\s*\S+|\s+$")


class EchoProvider:
    """Plays the script in the last user message.

    Args:
        rate: words per second until the script changes it. None for as fast as possible.
        id: the provider's id.
    """

    local = False
    default_model_id = "echo"

    def __init__(self, *, rate: float | None = DEFAULT_RATE, id: str = "echo") -> None:  # noqa: A002
        self.id = id
        self.requests = 0
        """The number of started streams, so that tests can count retries."""
        self._rate = rate
        self._failures: dict[str, int] = {}

    def model(self, model_id: str) -> ModelInfo:
        """Describe a model. Only `echo-strict` has limits."""
        strict = model_id == STRICT
        return ModelInfo(
            id=model_id,
            context_tokens=CONTEXT_TOKENS,
            temperature_max=None if strict else 2.0,
            system_prompt=not strict,
            images=not strict,
            files=not strict,
            assistant_prefill=not strict,
            tools=not strict,
            efforts={} if strict else OFFERED_EFFORTS,
        )

    async def list_models(self) -> "list[ListedModel]":
        """List both models."""
        from shell.providers.model_list import ListedModel

        models = (self.default_model_id, STRICT)
        return [ListedModel(name, name, context_tokens=CONTEXT_TOKENS) for name in models]

    def check(self) -> None:
        """Do nothing, because it can always run."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Play the script of the last user message."""
        self.requests += 1
        return _Run(request, self._rate, self._should_fail).play()

    async def close(self) -> None:
        """Do nothing, because there are no connections."""

    def _should_fail(self, script: str, times: int) -> bool:
        """Whether this run of a script fails: `times` runs do, the next does not, and so on."""
        count = self._failures.get(script, 0)
        if count < times:
            self._failures[script] = count + 1
            return True
        self._failures.pop(script, None)
        return False


class _ScriptEnd(Exception):
    """Raised by a command that ends the stream."""


class _Run:
    """One run of a script, with its pace and its counts."""

    def __init__(
        self, request: ProviderRequest, rate: float | None, should_fail: Callable[[str, int], bool]
    ) -> None:
        self._request = request
        messages = [m for m in request.messages if isinstance(m, Message)]
        prompt = next((m for m in reversed(messages) if m.role == "user"), messages[-1])
        script = "\n".join(text for text in (prompt.text, _attached(prompt)) if text)
        following = request.messages[request.messages.index(prompt) :]
        self._script = _part(script, [m for m in following if isinstance(m, ModelStep)])
        self._rate = rate
        self._should_fail = should_fail
        self._due: float | None = None
        self._written = 0
        self._reasoned = 0
        self._calls = 0
        self._reason: FinishReason | None = "stop"
        words = sum(len(m.text.split()) for m in request.messages)
        self._usage: tuple[int, int | None] | None = (words, None)

    async def play(self) -> AsyncGenerator[Chunk, None]:
        with contextlib.suppress(_ScriptEnd):
            for kind, text in _steps(self._script):
                await self._wait(kind, text)
                for chunk in self._chunks(kind, text):
                    if kind != "flood":
                        await self._pace()
                    yield chunk
        if self._usage is not None:
            received, written = self._usage
            written = self._written if written is None else written
            yield UsageReport(received, written, reasoning_tokens=self._reasoned)
        if self._reason is not None:
            yield Finish(self._reason)

    async def _wait(self, kind: str, text: str) -> None:
        match kind:
            case "delay":
                await asyncio.sleep(float(text) / 1000)
                self._due = None
            case "stall":
                await asyncio.Event().wait()
            case "ignore-cancel":
                await _give_in_after(float(text))

    def _chunks(self, kind: str, text: str) -> Iterator[Chunk]:
        words = text.split()
        match kind:
            case "line" | "text":
                yield from self._write_pieces(_PIECES.findall(text))
            case "rate":
                self._rate = float(text) or None
                self._due = None
            case "progress":
                yield PromptProgress(text)
            case "reasoning":
                for piece in _PIECES.findall(text):
                    self._written += 1
                    self._reasoned += 1
                    yield ReasoningDelta(piece)
            case "repeat":
                word = words[1] if len(words) > 1 else "word"
                yield from self._write_pieces([word, *[f" {word}"] * (int(words[0]) - 1)])
            case "chunk":
                yield from self._write_pieces(["x" * int(text)])
            case "empty":
                yield from [TextDelta("")] * int(text)
            case "flood":
                yield from self._write_pieces(["x "] * int(text))
            case "emoji":
                yield from self._write_pieces(["\ud83d", "\udc4b"])
            case "garbage":
                yield from self._write_pieces(GARBAGE)
            case "tool":
                yield from self._call(*text.partition(" ")[::2])
            case "call":
                name, _, arguments = text.partition(" ")
                yield from self._call(self._offered(name), arguments)
            case "request":
                yield from self._write_pieces([self._received()])
            case "usage":
                self._usage = None if text == "none" else (int(words[0]), int(words[1]))
            case _:
                self._end(kind, words)

    def _end(self, kind: str, words: list[str]) -> None:
        """Run a command that ends the script."""
        match kind:
            case "error":
                raise _error(words)
            case "fail":
                if self._should_fail(self._script, int(words[0])):
                    raise _error(words[1:])
            case "refuse":
                if not self._written:
                    raise ProviderError(ErrorCode.CONTENT_FILTER, "The model refused to answer.")
                self._reason = "content_filter"
                raise _ScriptEnd
            case "length":
                self._reason = "length"
                raise _ScriptEnd
            case "cut":
                self._reason = self._usage = None
                raise _ScriptEnd
            case "crash":
                raise RuntimeError("The script said /crash.")

    def _write_pieces(self, pieces: Sequence[str]) -> Iterator[TextDelta]:
        for piece in pieces:
            if self._request.max_tokens is not None and self._written >= self._request.max_tokens:
                self._reason = "length"
                raise _ScriptEnd
            self._written += 1
            yield TextDelta(piece)

    def _call(self, name: str, arguments: str) -> Iterator[ToolCallDelta]:
        self._calls += 1
        self._reason = "tool_calls"
        half = len(arguments) // 2
        for piece in (arguments[:half], arguments[half:]):
            self._written += 1
            yield ToolCallDelta(f"call-{self._calls}", name, piece)

    def _offered(self, name: str) -> str:
        """The name under which the run offers a tool."""
        names = [tool.name for tool in self._request.tools]
        return next((n for n in names if n == name or n.endswith(f"__{name}")), name)

    async def _pace(self) -> None:
        """Wait until the next piece is due, by the clock of the loop, which tests can advance."""
        if self._rate is None:
            await asyncio.sleep(0)
            return
        now = asyncio.get_running_loop().time()
        self._due = (now if self._due is None else self._due) + 1 / self._rate
        await asyncio.sleep(max(0.0, self._due - now))

    def _received(self) -> str:
        request = self._request
        return json.dumps(
            {
                "model": request.model.id,
                "temperature": request.temperature,
                "maxTokens": request.max_tokens,
                **({} if request.effort is None else {"effort": request.effort}),
                "messages": [{"role": m.role, "content": m.text} for m in request.messages],
            }
        )


def _attached(message: Message) -> str:
    if isinstance(message.content, str):
        return ""
    attachments: list[str] = []
    for part in message.content:
        if isinstance(part, TextPart):
            continue
        kind = "picture" if isinstance(part, ImagePart) else f"file {part.name}"
        size = len(part.data.rstrip("=")) * 3 // 4
        attachments.append(f"{kind} ({part.media_type}, {size} bytes)")
    return f"I got: {'; '.join(attachments)}" if attachments else ""


_COMMAND = re.compile(
    r"/(?:(?P<number>rate|delay|chunk|empty|flood|ignore-cancel)\s+(?P<n>\d+(?:\.\d+)?)"
    r"|(?P<repeat>repeat)\s+(?P<repeated>\d+(?:\s+\S+)?)"
    r"|(?P<text>progress|reasoning|tool|call|text)\s+(?P<rest>\S.*?)"
    r"|(?P<usage>usage)\s+(?P<count>none|\d+\s+\d+)"
    r"|(?P<error>error)\s+(?P<code>[A-Z_]+(?:\s+\d+)?)"
    r"|(?P<fail>fail)\s+(?P<times>\d+\s+[A-Z_]+(?:\s+\d+)?)"
    r"|(?P<bare>emoji|garbage|request|refuse|length|cut|stall|crash))\s*"
)


def _part(script: str, steps: Sequence[ModelStep]) -> str:
    """The part of a script for the step after those that are done."""
    parts = re.split(r"^/then[ \t]*$\n?", script, flags=re.MULTILINE)
    last = len(parts) - 1
    repeats = re.search(r"^/again[ \t]*$", parts[last], re.MULTILINE)
    if len(steps) <= last or repeats:
        part = parts[min(len(steps), last)]
        return re.sub(r"^/again[ \t]*$\n?", "", part, flags=re.MULTILINE)
    return "\n".join(f"{call.name}: {call.result}" for call in steps[-1].calls)


def _steps(script: str) -> list[tuple[str, str]]:
    """The script as (command or "line", its argument). Lines of text stay together."""
    steps: list[tuple[str, str]] = []
    for line in script.splitlines(keepends=True):
        found = _COMMAND.fullmatch(line)
        if found and _known_code(found):
            kind, *argument = [value for value in found.groups() if value is not None]
            steps.append((kind, argument[0] if argument else ""))
        elif steps and steps[-1][0] == "line":
            steps[-1] = ("line", steps[-1][1] + line)
        else:
            steps.append(("line", line))
    # The line break between text and a command is not part of the text.
    return [(k, t.rstrip("\n") if k == "line" else t) for k, t in steps if k != "line" or t.strip()]


def _known_code(found: re.Match[str]) -> bool:
    words = (found["code"] or found["times"] or "UNKNOWN_ERROR").split()
    return any(word in ErrorCode.__members__ for word in words)


def _error(words: list[str]) -> ProviderError:
    code = ErrorCode(words[0])
    retry_after_ms = int(words[1]) if len(words) > 1 else None
    return ProviderError(code, f"The script asked for {code.value}.", retry_after_ms=retry_after_ms)


async def _give_in_after(seconds: float) -> None:
    """Wait until cancelled, then ignore further cancellations for a while."""
    loop = asyncio.get_running_loop()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        until = loop.time() + seconds
        while loop.time() < until:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(until - loop.time())
        raise
