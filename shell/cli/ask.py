"""`tidewire ask`: asks one question and prints the answer while it streams.

The main thread follows the run's log and prints; the run itself is on the event loop's thread. A
slow reader of our output therefore never delays the run, and Ctrl-C always reaches it.
"""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import cast

from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel

from shell.app.runtime import running_host
from shell.bridge.validation import validate_params
from shell.cli.decisions import Decisions
from shell.cli.output import check_target
from shell.contract import (
    AnyEvent,
    BudgetPause,
    CallEvent,
    DoneEvent,
    ErrorEvent,
    InferenceRequest,
    NoticeEvent,
    ResultEvent,
    RetryingEvent,
    TokenEvent,
)
from shell.errors import ShellError, ValidationFailed
from shell.inference.log import InferenceLog
from shell.providers.recordings import event_fields, new_header, save_recording
from shell.providers.registry import RECORDING
from shell.support.data_directory import DataDirectory
from shell.support.futures import TICK_S
from shell.support.text import CONTROLS, clean

OWNER = "ask"
MAX_PROMPT_CHARACTERS = 100_000

ENDS_EARLY = ("length", "content_filter", "waiting", "steps")
"""Finish reasons of an answer that ended before the model was done."""

Write = Callable[[AnyEvent], None]


def ask(
    data: DataDirectory,
    *,
    prompt: str | None,
    template: str | None,
    given: list[str],
    as_json: bool,
    system: str | None,
    provider: str | None,
    model: str | None,
    tools: str | None,
    allowed: list[str],
    budget: float | None,
    budget_tokens: int | None,
    record: str | None,
    **parameters: float | str | None,
) -> int:
    """Print the answer to stdout, as text or as one line of JSON for each event."""
    names = tools if tools is None or tools == "all" else _names(tools)
    if template is not None and prompt is None:
        from shell.cli.templates import fill_in

        filled = fill_in(data, template, given, provider, model)
        provider, model = filled.provider, filled.model
        prompt, system = filled.rendered.user, filled.rendered.system if system is None else system
        names = filled.tools if names is None else names
        parameters["effort"] = parameters.get("effort") or filled.effort
    elif template is not None or given:
        raise ValidationFailed([("prompt", "Give either a question, or --template with --set.")])
    messages = [{"role": "user", "content": _prompt(prompt)}]
    if record is not None:
        check_target(Path(record))
    news = threading.Event()
    try:
        with running_host(data.path) as running:
            core, thread = running.core, running.thread
            if provider == RECORDING:
                provider, model = core.providers.play(model), None
            defaults = core.defaults(provider, model)
            limited = budget is not None or budget_tokens is not None
            fields = {
                "messages": messages,
                "providerId": defaults.provider_id,
                "modelId": defaults.model_id,
                "systemPrompt": None if system is None else clean(system),
                "tools": names,
                "budget": {"usd": budget, "tokens": budget_tokens} if limited else None,
                **{to_camel(name): value for name, value in parameters.items()},
            }
            chosen = {name: value for name, value in fields.items() if value is not None}
            checked = validate_params(TypeAdapter(InferenceRequest), chosen)
            request = cast("InferenceRequest", checked)
            urls = core.providers.base_urls
            core.keys.note_environment(urls)
            if request.provider_id in urls:
                thread.run(core.keys.load({request.provider_id: urls[request.provider_id]}))

            async def begin() -> InferenceLog:
                offer = None
                if request.tools is not None:
                    offer = await core.tools.offer(request.tools, core.tools.permissions(allowed))
                log = core.engine.start(OWNER, request, offer=offer, no_overall_deadline=True)
                log.subscribe(lambda _: news.set())
                return log

            log = thread.run(begin())
            decisions = Decisions(
                lambda decision: thread.call(lambda: core.engine.decide(OWNER, decision)),
                lambda: log.ending is not None,
            )
            print_event = write_json if as_json else TextOutput().write
            events: list[AnyEvent] = []

            def write(event: AnyEvent) -> None:
                print_event(event)
                if record is not None:
                    events.append(event)

            header = new_header(request.provider_id, defaults.model_id)

            def cancel() -> None:
                core.engine.cancel(OWNER, log.inference_id)

            with on_signals(lambda: thread.loop.call_soon_threadsafe(cancel)) as received:
                _follow(log, news, write, decisions)
            if record is not None:
                save_recording(Path(record), header, events, core.keys.secrets())
    except ValidationFailed:
        raise
    except ShellError as error:
        raise ShellError(f"{error.code.value}: {error}") from None
    if received:
        return 128 + received[0]
    return 1 if isinstance(log.ending, ErrorEvent) else 0


def _names(text: str) -> list[str]:
    return [name for each in text.split(",") if (name := each.strip())]


def _prompt(given: str | None) -> str:
    if given is None:
        text = "Give PROMPT, or --template NAME. See 'tidewire ask --help'."
        raise ValidationFailed([("prompt", text)])
    if given == "-":
        # Reads no more than is needed to find that it is too long.
        given = sys.stdin.read(MAX_PROMPT_CHARACTERS + 2).removesuffix("\n")
    text = clean(given)  # bytes that are not UTF-8 come as lone surrogates
    if not text.strip():
        reason = "The prompt is empty: write a question, or '-' to read it from stdin."
        raise ValidationFailed([("prompt", reason)])
    if len(text) > MAX_PROMPT_CHARACTERS:
        reason = f"the limit is {MAX_PROMPT_CHARACTERS:,} characters. Shorten it."
        raise ValidationFailed([("prompt", f"The prompt is too long: {reason}")])
    return text


def _follow(log: InferenceLog, news: threading.Event, write: Write, decisions: Decisions) -> None:
    """Print each event as soon as it is in the log, until the run has ended."""
    cursor = -1
    while log.ending is None or cursor < log.last_seq:
        news.clear()
        for event in log.read(cursor):
            write(event)
            decisions.take(event)
            cursor = event.last_seq
        while log.ending is None and not news.wait(TICK_S):
            pass


@contextlib.contextmanager
def on_signals(cancel: Callable[[], object]) -> Iterator[list[int]]:
    """Call `cancel` on Ctrl-C and SIGTERM, the first time; a second Ctrl-C interrupts as usual.

    Yields the list of received signals.
    """
    received: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cancel()

    before = {each: signal.signal(each, on_signal) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        # After a signal the command ends soon, so further signals must not interrupt it.
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if received else handler)


def write_json(event: AnyEvent) -> None:
    """Print an event as one line of JSON."""
    _put(json.dumps(event_fields(event), separators=(",", ":")) + "\n")


def _put(text: str) -> None:
    """Write all of the text now. A signal may cut a write short, so the loop writes the rest: with
    the buffers of `sys.stdout` bytes were lost here.
    """
    sys.stdout.flush()
    encoding = sys.stdout.encoding or "utf-8"
    left = memoryview(text.encode(encoding, "replace"))
    while left:
        left = left[os.write(sys.stdout.fileno(), left) :]


class TextOutput:
    """Prints the text of the answer to stdout, and notices to stderr."""

    def __init__(self) -> None:
        self._last = "\n"

    def write(self, event: AnyEvent) -> None:
        """Print the part of an event that a person reads."""
        match event:
            case TokenEvent(token=token):
                self._put(token)
            case NoticeEvent(text=text):
                self._print_notice(text)
            case CallEvent(tool=tool, arguments=arguments, state="running"):
                self._print_notice(f"calling {tool} with {json.dumps(arguments)[:500]}")
            case ResultEvent(state=state, text=text) if state != "done":
                self._print_notice(f"the call ended ({state}): {text[:500]}")
            case RetryingEvent(code=code, delay_ms=delay_ms):
                self._print_notice(f"{code}; retrying in {delay_ms / 1000:.1f} s")
            case DoneEvent(budget=BudgetPause() as pause):
                self._print_notice(_budget_reached(pause))
            case DoneEvent(finish_reason=reason) if reason in ENDS_EARLY:
                self._print_notice(f"the answer was cut off: {reason}")
            case ErrorEvent(code=code, error=text):
                self._print_notice(f"{code}: {text}")
            case _:
                pass
        if isinstance(event, DoneEvent | ErrorEvent):
            self._end_line()

    def _put(self, text: str) -> None:
        if sys.stdout.isatty():
            text = text.translate(CONTROLS)
        if text:
            _put(text)
            self._last = text[-1]

    def _end_line(self) -> None:
        if self._last != "\n":
            self._put("\n")

    def _print_notice(self, text: str) -> None:
        self._end_line()
        print(f"tidewire: {text.translate(CONTROLS)}", file=sys.stderr, flush=True)


def _budget_reached(pause: BudgetPause) -> str:
    if not pause.priced:
        text = "The price of this model is not known. Say with --budget-tokens how much it may take"
        return f"{text}; the next call takes at least {pause.needed:,.0f} tokens."
    spent, limit, needed = (
        f"${amount:.4f}" if pause.unit == "usd" else f"{amount:,.0f}"
        for amount in (pause.spent, pause.limit, pause.needed)
    )
    tokens = "" if pause.unit == "usd" else " tokens"
    return (
        f"stopped at the budget of the {pause.scope}: {spent} of {limit}{tokens} spent, and the "
        f"next call may take {needed}{tokens}"
    )
