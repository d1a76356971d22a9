"""Chooses the messages of a conversation that a model is sent."""

from collections.abc import Sequence

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
from shell.inference.request import room
from shell.inference.sessions import BYTES_PER_TOKEN_MARGIN, TOKENS_PER_MESSAGE
from shell.providers.base import ModelInfo
from shell.store.messages.turns import PathMessage
from shell.support.text import estimate_tokens

CONTINUE = (
    "Continue your last message from exactly where it stopped. "
    "Do not repeat any of it and do not comment on the interruption."
)


def history(
    path: Sequence[PathMessage], model: ModelInfo, system_prompt: str | None, max_tokens: int | None
) -> tuple[list[Message], list[Notice]]:
    """The messages to send, and a notice for everything that was left out.

    A question whose answer never began is left out. An answer that was cut short is sent as it is.
    When not all messages fit, the oldest are left out; the last is always sent.
    """
    kept: list[Message] = []
    notices: dict[str, Notice] = {}
    turns = _answered(path)
    tokens = room(model, max_tokens)
    tokens -= 0 if not system_prompt else estimate_tokens(system_prompt) + TOKENS_PER_MESSAGE
    characters = MAX_REQUEST_CHARACTERS
    for place in range(len(turns) - 1, -1, -1):
        said = turns[place]
        content = _worded(said.content)
        if place < len(turns) - 1:
            content = _taken(content, model, notices)
        message = Message.model_construct(role=said.role, content=content)
        tokens -= int(estimate_tokens(message.text) * BYTES_PER_TOKEN_MARGIN) + TOKENS_PER_MESSAGE
        characters -= len(message.text)
        if kept and (tokens < 0 or characters < 0 or len(kept) >= MAX_MESSAGES):
            text = f"The {place + 1} oldest messages do not fit in {model.id} and were left out"
            code = NoticeCode.HISTORY_TRIMMED
            notices[code] = Notice(code=code, text=text, model=model.id, left_out=place + 1)
            break
        kept.insert(0, message)
    while len(kept) > 1 and kept[0].role == "assistant":
        kept.pop(0)  # its question was left out
    return kept, list(notices.values())


def to_continue(messages: list[Message], model: ModelInfo) -> list[Message]:
    """The messages that make a model continue its last one."""
    if model.assistant_prefill:
        return messages
    return [*messages, Message(role="user", content=CONTINUE)]


def _answered(path: Sequence[PathMessage]) -> list[PathMessage]:
    turns: list[PathMessage] = []
    for said in path:
        if said.role == "assistant" and not said.content:
            if said.status != "complete" and turns and turns[-1].role == "user":
                turns.pop()
            continue
        turns.append(said)
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
