"""Chooses the messages of a conversation that a model is sent."""

from collections.abc import Sequence
from dataclasses import replace

from shell.contract import (
    MAX_MESSAGES,
    MAX_REQUEST_CHARACTERS,
    Content,
    FilePart,
    ImagePart,
    Message,
    Notice,
    NoticeCode,
    Part,
    TextPart,
)
from shell.conversations.text_files import fenced
from shell.inference.log import ProposedCall
from shell.inference.request import BYTES_PER_TOKEN_MARGIN, TOKENS_PER_MESSAGE, room
from shell.inference.steps import ResumedStep
from shell.inference.tool_call import OpenCall, told
from shell.providers.base import AnsweredCall, ModelInfo, ModelStep
from shell.store.messages.steps import StoredCall, StoredStep
from shell.store.messages.turns import PathMessage
from shell.support.text import estimate_tokens

NO_RESULT = "There is no result."
SHORT_RESULT_CHARACTERS = 200
"""A result up to this length is not worth a marker."""
CONTINUE = (
    "Continue your last message from exactly where it stopped. "
    "Do not repeat any of it and do not comment on the interruption."
)


Sent = list[Message | ModelStep]


def history(
    path: Sequence[PathMessage], model: ModelInfo, system_prompt: str | None, max_tokens: int | None
) -> tuple[Sent, list[Notice]]:
    """The messages to send, and a notice for everything that was left out.

    A question whose answer never began is left out. An answer that was cut short is sent as it is;
    one that called tools is sent with its calls and their results. When not all messages fit, the
    long results of earlier answers become markers; when that is not enough, the oldest messages are
    left out. The last is always sent.
    """
    turns = _answered(path)
    kept, notices = _fitting(turns, model, system_prompt, max_tokens)
    if NoticeCode.HISTORY_TRIMMED in notices:
        shorter = [_without_results(said) for said in turns[:-1]]
        if shorter != turns[:-1]:
            kept, notices = _fitting([*shorter, turns[-1]], model, system_prompt, max_tokens)
            text = f"Long results of earlier tool calls do not fit in {model.id} and were left out"
            code = NoticeCode.RESULTS_LEFT_OUT
            notices[code] = Notice(code=code, text=text, model=model.id)
    while len(kept) > 1 and kept[0].role == "assistant":
        kept.pop(0)  # its question was left out
    return kept, list(notices.values())


def _fitting(
    turns: Sequence[PathMessage],
    model: ModelInfo,
    system_prompt: str | None,
    max_tokens: int | None,
) -> tuple[Sent, dict[str, Notice]]:
    """The newest messages that fit, at least the last one."""
    kept: Sent = []
    notices: dict[str, Notice] = {}
    tokens = room(model, max_tokens)
    tokens -= 0 if not system_prompt else estimate_tokens(system_prompt) + TOKENS_PER_MESSAGE
    characters = MAX_REQUEST_CHARACTERS
    for place in range(len(turns) - 1, -1, -1):
        turn = turns[place]
        content = _worded(turn.content)
        if place < len(turns) - 1:
            content = _taken(content, model, notices)
        message = Message.model_construct(role=turn.role, content=content)
        messages = with_steps(message, turn.steps) if turn.steps else [message]
        text = "".join(map(text_of, messages))
        tokens -= int(estimate_tokens(text) * BYTES_PER_TOKEN_MARGIN) + TOKENS_PER_MESSAGE
        characters -= len(text)
        if kept and (tokens < 0 or characters < 0 or len(kept) >= MAX_MESSAGES):
            text = f"The {place + 1} oldest messages do not fit in {model.id} and were left out"
            code = NoticeCode.HISTORY_TRIMMED
            notices[code] = Notice(code=code, text=text, model=model.id, left_out=place + 1)
            break
        kept[:0] = messages
    return kept, notices


def _without_results(said: PathMessage) -> PathMessage:
    """An earlier answer with a marker in place of each long result. Its calls stay."""
    steps = [
        replace(step, calls=[_without_result(call) for call in step.calls]) for step in said.steps
    ]
    return said if steps == list(said.steps) else replace(said, steps=steps)


def _without_result(call: StoredCall) -> StoredCall:
    result = call.part.result or ""
    if len(result) <= SHORT_RESULT_CHARACTERS:
        return replace(call, images=())
    marker = f"[A result of {len(result)} characters, left out because it no longer fits.]"
    return replace(call, part=call.part.model_copy(update={"result": marker}), images=())


def with_steps(answer: Message, steps: Sequence[StoredStep]) -> Sent:
    """An answer that called tools: each step with its results, and the text after the last one.

    The calls of a last step that is still open are left out; `resumed_step` has them.
    """
    sent: Sent = []
    at = 0
    for step in steps:
        if step.is_open and step is steps[-1]:
            return sent
        calls = tuple(
            AnsweredCall(
                call.provider_id,
                call.name,
                call.written,
                told(call.part.state, call.part.result or NO_RESULT, call.part.edited),
                failed=call.part.state != "done",
                images=call.images,
            )
            for call in step.calls
        )
        text = answer.text[at : step.at]
        sent.append(ModelStep(text, calls, tuple(step.items), step.provider_id, step.model_id))
        at = step.at
    if rest := answer.text[at:]:
        sent.append(Message.model_construct(role="assistant", content=rest))
    return sent


def resumed_step(answer: PathMessage) -> ResumedStep | None:
    """Where an answer that is continued has ended; None if it called no tools."""
    if not answer.steps:
        return None
    last = answer.steps[-1]
    before = answer.steps[-2].at if len(answer.steps) > 1 else 0
    text = answer.content if isinstance(answer.content, str) else ""
    calls = tuple(
        OpenCall(
            ProposedCall(call.id, call.provider_id, call.name, call.written),
            last.step,
            call.part.ordinal,
            call.part.state,
            call.definition,
            call.nonce,
            call.part.why,
            call.part.edited if isinstance(call.part.edited, dict) else None,
            told(call.part.state, call.part.result or "", call.part.edited),
            call.images,
        )
        for call in last.calls
    )
    return ResumedStep(
        last.step,
        text[before : last.at],
        calls if last.is_open else (),
        tuple(last.items),
        last.provider_id,
        last.model_id,
    )


def text_of(message: Message | ModelStep) -> str:
    """Everything of a message that counts against a model's context."""
    if isinstance(message, Message):
        return message.text
    written = [part for call in message.calls for part in (call.arguments, call.result)]
    return "".join([message.text, *written])


def to_continue(messages: Sent, model: ModelInfo) -> Sent:
    """The messages that make a model continue its last one."""
    if model.assistant_prefill or isinstance(messages[-1], ModelStep):
        return messages
    return [*messages, Message(role="user", content=CONTINUE)]


def _answered(path: Sequence[PathMessage]) -> list[PathMessage]:
    turns: list[PathMessage] = []
    for turn in path:
        if turn.role == "assistant" and not turn.content and not turn.steps:
            if turn.status != "complete" and turns and turns[-1].role == "user":
                turns.pop()
            continue
        turns.append(turn)
    return turns


def _worded(content: Content) -> Content:
    """Content with its text files as text, so that trimming counts their length."""
    if isinstance(content, str):
        return content
    return [(fenced(part) if isinstance(part, FilePart) else None) or part for part in content]


def _taken(content: Content, model: ModelInfo, notices: dict[str, Notice]) -> Content:
    """Content of an older message, with a name in place of each part the model does not accept."""
    if isinstance(content, str):
        return content
    parts: list[Part] = []
    for part in content:
        if isinstance(part, ImagePart) and not model.images:
            parts.append(TextPart(text="[image]"))
        elif isinstance(part, FilePart) and not model.files:
            parts.append(TextPart(text=f"[file {part.name}]"))
        else:
            parts.append(part)
            continue
        text = f"{model.id} does not accept the images or files in earlier messages"
        code = NoticeCode.PARTS_LEFT_OUT
        notices[code] = Notice(code=code, text=text, model=model.id)
    return parts
