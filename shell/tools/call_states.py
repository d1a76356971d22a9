"""The states of a tool call, and which may follow which."""

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


def check_move(before: CallState, after: CallState) -> None:
    """Check a change of state.

    Raises:
        ValueError: `after` may not follow `before`.
    """
    if after not in NEXT.get(before, ()):
        raise ValueError(f"a call that is {before} cannot become {after}")
