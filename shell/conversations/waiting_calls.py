"""Tells pages in which conversations tool calls wait for a person."""

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


class WaitingCalls:
    """Knows of what was asked since the program began. Loop thread only.

    Args:
        publish: called with all conversations in which calls wait, after every change.
    """

    def __init__(self, publish: Callable[[list[WaitingConversation]], None]) -> None:
        self._publish = publish
        self._tools: dict[str, dict[str, str]] = {}
        """By conversation: the tools of the calls that wait, by the ids of the calls."""

    def follow(self, conversation_id: str, log: InferenceLog | None) -> None:
        """Follow the run that answers in a conversation; None for one without tools."""
        self.put(conversation_id, {})
        if log is None:
            return
        names: dict[str, str] = {}
        waiting: dict[str, str] = {}
        seen = -1

        def look(urgent: bool) -> None:
            nonlocal seen
            before = dict(waiting)
            for event in log.read(seen):
                if isinstance(event, CallEvent):
                    names[event.call_id] = event.tool
                elif (isinstance(event, ApprovalEvent) and event.state == "asked") or (
                    isinstance(event, ElicitationEvent) and event.elicitation is not None
                ):
                    waiting[event.call_id] = names.get(event.call_id, "")
                elif isinstance(event, ApprovalEvent | ElicitationEvent | ResultEvent):
                    waiting.pop(event.call_id, None)
            seen = log.last_seq
            if log.ending is not None:
                unsubscribe()
                if not isinstance(log.ending, DoneEvent) or log.ending.finish_reason != "waiting":
                    waiting.clear()
            if waiting != before:
                self.put(conversation_id, waiting)

        unsubscribe = log.subscribe(look)
        look(False)

    def put(self, conversation_id: str, tools: dict[str, str]) -> None:
        """Replace what waits in a conversation: the tools of calls, by the ids of the calls."""
        if self._tools.get(conversation_id, {}) == tools:
            return
        self._tools[conversation_id] = dict(tools)
        if not tools:
            del self._tools[conversation_id]
        self._publish(
            [
                WaitingConversation(
                    conversation_id=each, tool=next(iter(found.values())), calls=len(found)
                )
                for each, found in self._tools.items()
            ]
        )
