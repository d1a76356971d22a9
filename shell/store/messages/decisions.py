"""Decides about tool calls of answers whose run has ended."""

import secrets
from collections.abc import Iterable
from typing import cast

from pydantic import JsonValue

from shell.contract import CallDecision, EarlierCalls, EarlierCallsRequest
from shell.errors import NotFound, ValidationFailed
from shell.store.database import Connection
from shell.store.messages import queries, steps, turns
from shell.support.text import clean
from shell.tools.arguments import canonical_json
from shell.tools.permissions import Permissions, allows


def restore(permissions: Permissions, path: Iterable[turns.PathMessage]) -> None:
    """Restore permissions from the decisions on a path, and note its untrusted content.

    A call from a file has no definition. Its result counts as untrusted: its origin is unknown.
    """
    for message in path:
        if message.is_untrusted:
            permissions.note_untrusted()
        calls = [call for step in message.steps for call in step.calls]
        for call in sorted(calls, key=lambda call: call.decision_order):
            if call.part.scope == "conversation" and call.part.verdict is not None:
                permissions.remember(call.decided_definition, call.part.verdict)
            brings = call.part.brings or not call.definition
            if brings and call.part.state in ("done", "failed"):
                permissions.note_untrusted()


def earlier_calls(connection: Connection, request: EarlierCallsRequest) -> EarlierCalls:
    """Count how many of a tool's latest calls a permission would have allowed."""
    found = steps.latest_calls(connection, request.tool, request.source)
    return EarlierCalls(calls=len(found), matching=sum(allows(request.pattern, a) for a in found))


def find(connection: Connection, decision: CallDecision) -> steps.StoredCall:
    """The call that a decision is about. Part of a reading job.

    Raises:
        NotFound: there is no such call.
        ValidationFailed: the nonce belongs to another question.
    """
    row = queries.row_of(connection, decision.message_id)
    calls = steps.calls_of(steps.read(connection, row.number))
    call = next((each for each in calls if each.id == decision.call_id), None)
    if call is None:
        raise NotFound(f"Call {decision.call_id} not found")
    if not secrets.compare_digest(call.nonce.encode(), decision.nonce.encode()):
        raise ValidationFailed([("nonce", "This decision is for another question")])
    return call


def decide(
    connection: Connection, call: steps.StoredCall, decision: CallDecision
) -> dict[str, str] | None:
    """Store a decision; returns the tools of the calls that still wait, by their ids.

    Returns None if the call is already decided. Part of a writing job.
    """
    row = queries.row_of(connection, decision.message_id)
    entries = steps.read(connection, row.number)
    edited = cast("JsonValue", decision.arguments)
    if decision.verdict == "deny" or canonical_json(edited) == canonical_json(call.part.arguments):
        edited = None
    entry = steps.ApprovalEntry(
        run=entries[-1].run,
        at=entries[-1].at,
        thought_at=entries[-1].thought_at,
        call_id=call.id,
        state="decided",
        verdict=decision.verdict,
        scope=decision.scope,
        edited=edited,
        why=None if decision.reason is None else clean(decision.reason),
    )
    calls = steps.decide(connection, row.number, entry)
    if calls is None:
        return None
    return {each.id: each.part.tool for each in calls if each.part.state == "waiting"}
