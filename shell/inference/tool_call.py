"""One tool call of a run: its state, and the events that tell of it."""

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
    """A call of an earlier run that has ended before it went on."""

    proposed: ProposedCall
    step: int
    ordinal: int
    state: CallState
    definition: str = ""
    """The definition of the tool for which it was decided."""
    nonce: str = ""
    why: str | None = None
    """Why it was asked although a permission exists."""
    edited: Arguments | None = None
    result: str = ""
    images: tuple[ImagePart, ...] = ()


def result_for_model(state: CallState, result: str, edited: JsonValue) -> str:
    """A result as the model gets it.

    Args:
        state: how the call has ended.
        result: what the tool returned.
        edited: what a person made of the arguments; None if they are the model's.
    """
    if state != "done" or edited is None:
        return result
    changed = json.dumps(edited, ensure_ascii=False)
    return f"The person changed the arguments to {changed}.\n{result}"


@dataclass(slots=True, eq=False)
class ToolCall:
    """Loop thread only."""

    log: InferenceLog
    results: LongResults
    """Shortens what a tool returned to what is shown of it."""
    proposed: ProposedCall
    step: int
    """Of the run, from 1."""
    ordinal: int
    """Its place in the step, from 0."""
    state: CallState = "proposed"
    tool: OfferedTool | None = None
    arguments: Arguments = field(default_factory=dict)
    edited: Arguments | None = None
    """What a person made of the arguments."""
    nonce: str = ""
    decided: asyncio.Future[None] | None = None
    """Done once a person has decided; None if nobody was asked."""
    task: asyncio.Future[None] | None = None
    questions: Questions | None = None
    """What its server asks the person; None until it runs."""
    result: str = ""
    images: tuple[ImagePart, ...] = ()

    @property
    def answered(self) -> AnsweredCall:
        """The call with its result, as the model gets it."""
        proposed = self.proposed
        return AnsweredCall(
            proposed.provider_id,
            proposed.name,
            proposed.arguments,
            self.result,
            self.state != "done",
            self.images,
        )

    def move(self, state: CallState) -> None:
        """Go to another state.

        Raises:
            ValueError: no call goes there from its present state.
        """
        check_move(self.state, state)
        self.state = state

    def tell(self) -> None:
        """Write what the call is and its state to the log."""
        tool = None if self.tool is None else self.tool.tool
        known = self.state != "invalid" or self.arguments
        self.log.append(
            CallEvent(
                **self.log.stamp(),
                call_id=self.proposed.id,
                step=self.step,
                ordinal=self.ordinal,
                tool=self.proposed.name if tool is None else tool.name,
                source="" if tool is None else tool.source,
                arguments=with_safe_integers(self.arguments)
                if known
                else clean(self.proposed.arguments),
                state=self.state,
                reads=tool is None or tool.reads,
                brings=tool is None or tool.brings,
                sends=tool is None or tool.sends,
                definition="" if tool is None else tool.definition,
            )
        )

    def ask(self, why: str | None) -> None:
        """Ask a person; `decided` is done once they have answered.

        Args:
            why: why it is asked although a permission exists.
        """
        self.move("waiting")
        self.nonce = self.nonce or secrets.token_urlsafe(16)
        self.decided = asyncio.get_running_loop().create_future()
        self.tell()
        self.log.append(
            ApprovalEvent(
                **self.log.stamp(),
                call_id=self.proposed.id,
                state="asked",
                nonce=self.nonce,
                why=why,
            )
        )

    def refuse(self, state: CallState, text: str, code: ErrorCode | None = None) -> None:
        """End it although it has not run."""
        self.move(state)
        self.tell()
        self.settle(state, text, code)

    def settle(
        self,
        state: CallState,
        text: str,
        code: ErrorCode | None = None,
        ran_ms: int | None = None,
        media: Sequence[Media] = (),
    ) -> None:
        """Give it its result, and write that to the log."""
        shown = self.results.show(self.proposed.id, text)
        self.result = result_for_model(state, shown.text, self.edited)
        self.log.media |= {one.hash: one.data for one in media}
        parts = [one.attachment for one in media]
        pictures = (picture(part, self.log.media[part.hash]) for part in parts)
        self.images = tuple(filter(None, pictures))
        self.log.append(
            ResultEvent(
                **self.log.stamp(),
                call_id=self.proposed.id,
                state=state,
                text=shown.text,
                bytes=shown.bytes,
                shown_bytes=shown.shown_bytes,
                code=code,
                ran_ms=ran_ms,
                parts=parts or None,
            )
        )
