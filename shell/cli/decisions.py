"""Decides about tool calls for `tidewire ask`, and answers the questions of their servers: on a
terminal by asking the person, elsewhere by refusing.
"""

import json
import select
import sys
from collections.abc import Callable

from shell.cli.forms import fill_in
from shell.contract import (
    AnyEvent,
    ApprovalEvent,
    CallEvent,
    Decision,
    Elicitation,
    ElicitationAction,
    ElicitationAnswer,
    ElicitationEvent,
    FormValues,
    Scope,
    Verdict,
)
from shell.support.open_url import open_link
from shell.support.text import escaped
from shell.tools.base import Tool

ANSWERS: dict[str, tuple[Verdict, Scope]] = {
    "y": ("allow", "once"),
    "yes": ("allow", "once"),
    "a": ("allow", "conversation"),
    "all": ("allow", "conversation"),
}
POLL_S = 0.2
"""Interval at which an open question checks whether its run has ended."""


class Decisions:
    """Answers the questions of one run.

    Args:
        decide: passes a decision or an answer to the engine.
        has_ended: whether the run has ended, for example by Ctrl-C. Then no question is asked.
    """

    def __init__(
        self,
        decide: Callable[[Decision | ElicitationAnswer], object],
        has_ended: Callable[[], bool],
    ) -> None:
        self._decide = decide
        self._has_ended = has_ended
        self._calls: dict[str, CallEvent] = {}

    def take(self, event: AnyEvent) -> None:
        """Remember a call, or answer the question about one."""
        if isinstance(event, ElicitationEvent) and event.elicitation is not None:
            action, values = self._answer(event.elicitation)
            answer = ElicitationAnswer(
                inference_id=event.inference_id,
                call_id=event.call_id,
                elicitation_id=event.elicitation.id,
                action=action,
                values=values,
            )
            self._decide(answer)
        elif isinstance(event, CallEvent):
            self._calls[event.call_id] = event
        elif isinstance(event, ApprovalEvent) and event.state == "asked":
            call = self._calls[event.call_id]
            reason = None
            if _is_terminal():
                verdict, scope = self._ask(call, event.why)
            else:
                verdict, scope = _refuse(call)
                reason = "Nobody is here to allow it."
            decision = Decision(
                inference_id=event.inference_id,
                call_id=event.call_id,
                nonce=event.nonce or "",
                verdict=verdict,
                scope=scope,
                reason=reason,
            )
            self._decide(decision)

    def _ask(self, call: CallEvent, why: str | None) -> tuple[Verdict, Scope]:
        shown = json.dumps(call.arguments, indent=2, ensure_ascii=False)
        note = f"\n{why}" if why else ""
        answer = self._prompt(
            f"\ntidewire: the model wants to call {call.tool} ({call.source}) with\n"
            f"{shown}{note}\n"
            "Allow it? [y]es, once / [a]ll calls of this tool in this answer / [N]o: "
        )
        return ANSWERS.get(answer.strip().lower(), ("deny", "once"))

    def _answer(self, elicitation: Elicitation) -> tuple[ElicitationAction, FormValues]:
        if not _is_terminal():
            text = f"asks something, and nobody is here to answer: {elicitation.message}"
            _print(f"{elicitation.server} {text}")
            return "cancel", {}
        url = elicitation.url
        question = "Answer it?" if url is None else f"Open {url} in the browser?"
        answer = self._prompt(
            f"\ntidewire: {elicitation.server} asks\n{elicitation.message}\n"
            f"{question} [y]es / [N]o: "
        )
        if answer.strip().lower() not in ("y", "yes"):
            return "cancel" if self._has_ended() else "decline", {}
        if url is None:
            values = fill_in(elicitation.fields, self._prompt, self._has_ended)
            return ("cancel", {}) if values is None else ("accept", values)
        if not open_link(url):
            _print("Nothing can open it here. Copy the address into a browser.")
        return "accept", {}

    def _prompt(self, text: str) -> str:
        """Print a question, and return the line that the person types."""
        if sys.platform != "win32":
            import termios

            # Discard input from before the question was shown: it is no answer.
            termios.tcflush(sys.stdin, termios.TCIFLUSH)
        print(escaped(text), end="", file=sys.stderr, flush=True)
        return self._line()

    def _line(self) -> str:
        """Read the next typed line; empty at the end of the input or of the run."""
        if sys.platform != "win32":
            while not select.select([sys.stdin], [], [], POLL_S)[0]:
                if self._has_ended():
                    return ""
        return sys.stdin.readline()


def _refuse(call: CallEvent) -> tuple[Verdict, Scope]:
    name = call.tool
    if "__" in name:
        name = Tool(name, call.source, "python").wire_name
    _print(f"the tool {call.tool} ({call.source}) was not allowed. '--allow {name}' lets it run.")
    return "deny", "once"


def _print(text: str) -> None:
    print(escaped(f"tidewire: {text}"), file=sys.stderr, flush=True)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
