"""Decides about tool calls for `tidewire ask`: on a terminal by asking, elsewhere by refusing."""

import json
import select
import sys
from collections.abc import Callable

from shell.contract import AnyEvent, ApprovalEvent, CallEvent, Decision, Scope, Verdict
from shell.support.text import escaped
from shell.tools.base import Tool

ANSWERS: dict[str, tuple[Verdict, Scope]] = {
    "y": ("allow", "once"),
    "yes": ("allow", "once"),
    "a": ("allow", "conversation"),
    "all": ("allow", "conversation"),
}
LOOK_S = 0.2
"""How often a question is dropped if its run has ended."""


class Decisions:
    """Answers the questions of one run.

    Args:
        decide: takes a decision to the engine.
        has_ended: whether the run has ended, for example by Ctrl-C; then nothing is asked.
    """

    def __init__(self, decide: Callable[[Decision], object], has_ended: Callable[[], bool]) -> None:
        self._decide = decide
        self._has_ended = has_ended
        self._calls: dict[str, CallEvent] = {}

    def take(self, event: AnyEvent) -> None:
        """Note a call, or answer the question about one."""
        if isinstance(event, CallEvent):
            self._calls[event.call_id] = event
        elif isinstance(event, ApprovalEvent) and event.state == "asked":
            call = self._calls[event.call_id]
            reason = None
            if sys.stdin.isatty() and sys.stderr.isatty():
                verdict, scope = self._ask(call, event.why)
            else:
                verdict, scope = _refuse(call)
                reason = "Nobody is here to allow it."
            self._decide(
                Decision(
                    inference_id=event.inference_id,
                    call_id=event.call_id,
                    nonce=event.nonce or "",
                    verdict=verdict,
                    scope=scope,
                    reason=reason,
                )
            )

    def _ask(self, call: CallEvent, why: str | None) -> tuple[Verdict, Scope]:
        shown = json.dumps(call.arguments, indent=2, ensure_ascii=False)
        note = f"\n{why}" if why else ""
        if sys.platform != "win32":
            import termios

            # What was typed before the question was seen does not answer it.
            termios.tcflush(sys.stdin, termios.TCIFLUSH)
        print(
            escaped(
                f"\ntidewire: the model wants to call {call.tool} ({call.source}) with\n"
                f"{shown}{note}\n"
                "Allow it? [y]es, once / [a]ll calls of this tool in this answer / [N]o: "
            ),
            end="",
            file=sys.stderr,
            flush=True,
        )
        return ANSWERS.get(self._line().strip().lower(), ("deny", "once"))

    def _line(self) -> str:
        """The next line that is typed; empty at the end of the input or of the run."""
        if sys.platform != "win32":
            while not select.select([sys.stdin], [], [], LOOK_S)[0]:
                if self._has_ended():
                    return ""
        return sys.stdin.readline()


def _refuse(call: CallEvent) -> tuple[Verdict, Scope]:
    name = call.tool
    if "__" in name:
        name = Tool(name, call.source, "python").wire_name
    print(
        escaped(
            f"tidewire: the tool {call.tool} ({call.source}) was not allowed. "
            f"'--allow {name}' lets it run."
        ),
        file=sys.stderr,
        flush=True,
    )
    return "deny", "once"
