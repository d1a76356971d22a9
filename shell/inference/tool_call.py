"""One tool call of a run, with its state and the events that report it."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from shell.contract import ApprovalEvent, CallEvent, CallState, ImagePart, ResultEvent
from shell.errors import ErrorCode
from shell.inference.log import InferenceLog, ProposedCall
from shell.inference.questions import Questions
from shell.providers.base import AnsweredCall
from shell.support.text import clean
from shell.tools.arguments import with_safe_integers
from shell.tools.base import Arguments
from shell.tools.call_states import check_move
from shell.tools.media import Media, picture
from shell.tools.offer import OfferedTool
from shell.tools.results import LongResults


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of the step that an earlier run left open. It may have its result already."""

    proposed: ProposedCall
    step: int
    ordinal: int
    state: CallState
    definition: str = ""
    """The hash of the tool's definition for which a person decided."""
    nonce: str = ""
    why: str | None = None
    """Why a person must decide although a permission exists."""
    edited: Arguments | None = None
    result: str = ""
    images: tuple[ImagePart, ...] = ()


def result_for_model(state: CallState, result: str, edited: JsonValue) -> str:
    """A result as the model gets it.

    Args:
        state: how the call has ended.
        result: what the tool returned.
        edited: the arguments that a person changed; None if they are the model's.
    """
    if state != "done" or edited is None:
        return result
    edited_json = json.dumps(edited, ensure_ascii=False)
    return f"The person changed the arguments to {edited_json}.\n{result}"


@dataclass(slots=True, eq=False)
class ToolCall:
    """A tool call while its run is live. Loop thread only."""

    log: InferenceLog
    results: LongResults
    """Shortens long results."""
    proposed: ProposedCall
    step: int
    """Of the run, from 1."""
    ordinal: int
    """Its place in the step, from 0."""
    state: CallState = "proposed"
    tool: OfferedTool | None = None
    arguments: Arguments = field(default_factory=dict)
    edited: Arguments | None = None
    """The arguments that a person changed; None if they are the model's."""
    nonce: str = ""
    decision_future: asyncio.Future[None] | None = None
    """Done once a person has decided; None if no decision is needed."""
    task: asyncio.Future[None] | None = None
    questions: Questions | None = None
    """The questions of its server to the person; None until it runs."""
    result: str = ""
    images: tuple[ImagePart, ...] = ()

    @property
    def answered(self) -> AnsweredCall:
        """The call with its result, as the model gets it."""
        call, failed = self.proposed, self.state != "done"
        return AnsweredCall(
            call.provider_id, call.name, call.arguments, self.result, failed, self.images
        )

    def move(self, state: CallState) -> None:
        """Go to another state.

        Raises:
            ValueError: no call goes there from its present state.
        """
        check_move(self.state, state)
        self.state = state

    def log_state(self) -> None:
        """Write the call and its state to the log."""
        tool = None if self.tool is None else self.tool.tool
        has_arguments = self.state != "invalid" or self.arguments
        self.log.append(
            CallEvent(
                **self.log.stamp(),
                call_id=self.proposed.id,
                step=self.step,
                ordinal=self.ordinal,
                tool=self.proposed.name if tool is None else tool.name,
                source="" if tool is None else tool.source,
                arguments=with_safe_integers(self.arguments)
                if has_arguments
                else clean(self.proposed.arguments),
                state=self.state,
                reads=tool is None or tool.reads,
                brings=tool is None or tool.brings,
                sends=tool is None or tool.sends,
                definition="" if tool is None else tool.definition,
            )
        )

    def ask(self, why: str | None) -> None:
        """Ask a person to decide; `decision_future` is done once they have. `why` is the reason if
        a permission exists.
        """
        self.move("waiting")
        self.nonce = self.nonce or secrets.token_urlsafe(16)
        self.decision_future = asyncio.get_running_loop().create_future()
        self.log_state()
        event = ApprovalEvent(
            **self.log.stamp(), call_id=self.proposed.id, state="asked", nonce=self.nonce, why=why
        )
        self.log.append(event)

    def refuse(self, state: CallState, text: str, code: ErrorCode | None = None) -> None:
        """End a call that has not run."""
        self.move(state)
        self.log_state()
        self.settle(state, text, code)

    def settle(
        self,
        state: CallState,
        text: str,
        code: ErrorCode | None = None,
        ran_ms: int | None = None,
        media: Sequence[Media] = (),
    ) -> None:
        """Set the result and write it to the log."""
        shortened = self.results.show(self.proposed.id, text)
        self.result = result_for_model(state, shortened.text, self.edited)
        self.log.media |= {item.hash: item.data for item in media}
        attachments = [item.attachment for item in media]
        pictures = (picture(item, self.log.media[item.hash]) for item in attachments)
        self.images = tuple(filter(None, pictures))
        self.log.append(
            ResultEvent(
                **self.log.stamp(),
                call_id=self.proposed.id,
                state=state,
                text=shortened.text,
                bytes=shortened.bytes,
                shown_bytes=shortened.shown_bytes,
                code=code,
                ran_ms=ran_ms,
                parts=attachments or None,
            )
        )
