"""Decides about tool calls for `tidewire ask`: on a terminal by asking, elsewhere by refusing."""

import json
import sys
from collections.abc import Callable

from shell.contract import AnyEvent, ApprovalEvent, CallEvent, Decision, Scope, Verdict

ANSWERS: dict[str, tuple[Verdict, Scope]] = {
    "y": ("allow", "once"),
    "yes": ("allow", "once"),
    "a": ("allow", "conversation"),
    "all": ("allow", "conversation"),
}


class Decisions:
    """Answers the questions of one run.

    Args:
        decide: takes a decision to the engine.
    """

    def __init__(self, decide: Callable[[Decision], object]) -> None:
        self._decide = decide
        self._calls: dict[str, CallEvent] = {}

    def take(self, event: AnyEvent) -> None:
        """Note a call, or answer the question about one."""
        if isinstance(event, CallEvent):
            self._calls[event.call_id] = event
        elif isinstance(event, ApprovalEvent) and event.state == "asked":
            call = self._calls[event.call_id]
            verdict, scope = self._ask(call, event.why)
            reason = None if sys.stdin.isatty() else "Nobody is here to allow it."
            self._decide(
                Decision(
                    inference_id=event.inference_id,
                    call_id=event.call_id,
                    nonce=event.nonce or "",
                    verdict=verdict,
                    scope=scope,
                    reason=reason if verdict == "deny" else None,
                )
            )

    def _ask(self, call: CallEvent, why: str | None) -> tuple[Verdict, Scope]:
        shown = json.dumps(call.arguments, indent=2, ensure_ascii=True)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            print(
                f"tidewire: the tool {call.tool} ({call.source}) was not allowed. "
                f"'--allow {call.tool}' lets it run.",
                file=sys.stderr,
                flush=True,
            )
            return "deny", "once"
        note = f"\n{why}" if why else ""
        print(
            f"\ntidewire: the model wants to call {call.tool} ({call.source}) with\n{shown}{note}\n"
            "Allow it? [y]es, once / [a]ll calls of this tool in this answer / [N]o: ",
            end="",
            file=sys.stderr,
            flush=True,
        )
        try:
            answer = input().strip().lower()
        except EOFError:
            answer = ""
        return ANSWERS.get(answer, ("deny", "once"))
