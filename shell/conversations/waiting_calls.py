"""Publishes the conversations in which tool calls wait for a person."""

from collections.abc import Callable

from shell.contract import (
    ApprovalEvent,
    CallEvent,
    DoneEvent,
    ElicitationEvent,
    ResultEvent,
    WaitingConversation,
)
from shell.inference.log import InferenceLog
from shell.support.ids import TEMPORARY


class WaitingCalls:
    """Knows the calls that have begun to wait since the program started. Loop thread only.

    Args:
        publish: called with all conversations in which calls wait, after every change.
    """

    def __init__(self, publish: Callable[[list[WaitingConversation]], None]) -> None:
        self._publish = publish
        self._tools: dict[str, dict[str, str]] = {}
        """By conversation, the tools of the waiting calls by the ids of the calls."""

    def follow(self, conversation_id: str, log: InferenceLog | None) -> None:
        """Follow the run that answers in a conversation. `log` is None for a run without tools."""
        self.put(conversation_id, {})
        if log is None:
            return
        tool_names: dict[str, str] = {}
        waiting: dict[str, str] = {}
        cursor = -1

        def update(urgent: bool) -> None:
            nonlocal cursor
            before = dict(waiting)
            for event in log.read(cursor):
                if isinstance(event, CallEvent):
                    tool_names[event.call_id] = event.tool
                elif (isinstance(event, ApprovalEvent) and event.state == "asked") or (
                    isinstance(event, ElicitationEvent) and event.elicitation is not None
                ):
                    waiting[event.call_id] = tool_names.get(event.call_id, "")
                elif isinstance(event, ApprovalEvent | ElicitationEvent | ResultEvent):
                    waiting.pop(event.call_id, None)
            cursor = log.last_seq
            if log.ending is not None:
                unsubscribe()
                if not isinstance(log.ending, DoneEvent) or log.ending.finish_reason != "waiting":
                    waiting.clear()
            if waiting != before:
                self.put(conversation_id, waiting)

        unsubscribe = log.subscribe(update)
        update(False)

    def put(self, conversation_id: str, tools: dict[str, str]) -> None:
        """Replace the waiting calls of a conversation: their tools, by the ids of the calls."""
        if self._tools.get(conversation_id, {}) == tools:
            return
        self._tools[conversation_id] = dict(tools)
        if not tools:
            del self._tools[conversation_id]
        waiting = [
            WaitingConversation(
                conversation_id=waiting_id, tool=next(iter(names.values())), calls=len(names)
            )
            for waiting_id, names in self._tools.items()
        ]
        self._publish(waiting)

    def forget_stored(self) -> None:
        """Forget the calls in all conversations on the disk, which a restore has replaced."""
        stored = [each for each in self._tools if not each.startswith(TEMPORARY)]
        for conversation_id in stored:
            self.put(conversation_id, {})
