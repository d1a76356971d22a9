"""The states of a tool call, and the results that the host gives to calls without one."""

from shell.contract import CallState

NEXT: dict[CallState, frozenset[CallState]] = {
    "proposed": frozenset({"invalid", "waiting", "allowed", "denied", "cancelled"}),
    "waiting": frozenset({"approved", "edited", "denied", "cancelled"}),
    "allowed": frozenset({"running", "cancelled"}),
    "approved": frozenset({"running", "cancelled"}),
    "edited": frozenset({"running", "cancelled"}),
    "running": frozenset({"done", "failed", "timed_out", "cancelled", "lost"}),
}
"""A tool runs only from `allowed`, `approved` or `edited`, and once."""
SETTLED: frozenset[CallState] = frozenset().union(*NEXT.values()) - NEXT.keys()
"""A call in one of these has its result."""
LOST = (
    "The program ended while this call ran. It may or may not have taken effect, and it was not "
    "made again."
)
"""The result of a call that was running when its host ended."""
DENIED = "The person did not allow this call."
"""The result of a denied call without a reason."""


def denial(reason: str | None) -> str:
    """The result of a call that a person denied."""
    return f"{DENIED} The reason: {reason}" if reason else DENIED


def check_move(before: CallState, after: CallState) -> None:
    """Check a change of state.

    Raises:
        ValueError: `after` may not follow `before`.
    """
    if after not in NEXT.get(before, ()):
        raise ValueError(f"a call that is {before} cannot become {after}")
