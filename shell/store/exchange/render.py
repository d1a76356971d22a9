"""Renders conversations as Markdown, or as one HTML file that loads nothing.

Both have only the chosen path. An archive has the whole tree.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shell.contract import AnswerCall, AnswerText, AnswerThought, ImagePart, Part, TextPart
from shell.store.exchange.calls import entries_of
from shell.store.exchange.portable import PortableConversation, PortableMessage
from shell.store.messages.markdown_text import fenced
from shell.store.messages.steps import parts_of
from shell.support.dates import format_date

TEMPLATE = Path(__file__).with_name("conversation.html.j2")
MAX_MARKDOWN = 500_000
"""In characters. Longer answers are exported as plain text: a hostile one takes half a minute."""
_STATUS = {
    "interrupted": "This answer was interrupted.",
    "cancelled": "This answer was stopped.",
    "failed": "This answer failed.",
}


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: Literal["markup", "text", "code", "picture", "note"]
    text: str
    alt: str = ""
    """The alternative text of a picture."""


def markdown(conversations: Iterable[PortableConversation]) -> Iterator[str]:
    """Yield the text of a Markdown file in pieces."""
    separator = ""
    for portable in conversations:
        yield f"{separator}# {_title(portable)}\n\n*{format_date(portable.created_at)}*\n"
        for message in _path(portable):
            yield f"\n## {_author(message)}\n\n"
            for part in _parts(message):
                if isinstance(part, AnswerCall):
                    yield from _markdown_call(part)
                    media = _media(message)[part.call_id]
                    yield from (f"*[{_label(each)}]*\n" for each in media)
                else:
                    text = part.text if isinstance(part, TextPart) else f"*[{_label(part)}]*"
                    yield f"{text}\n"
            if message.status in _STATUS:
                yield f"\n*{_STATUS[message.status]}*\n"
        separator = "\n---\n\n"


def html(conversations: Iterable[PortableConversation]) -> Iterator[str]:
    """Yield the text of an HTML file in pieces. It has no scripts and loads nothing."""
    import jinja2

    from shell.store.exchange.markup import renderer

    render = renderer()
    ids = itertools.count(1)

    def document(portable: PortableConversation) -> dict[str, object]:
        messages = [
            {
                "role": each.role,
                "author": _author(each),
                "segments": list(_segments(each, render, ids)),
            }
            for each in _path(portable)
        ]
        date = format_date(portable.created_at)
        return {"title": _title(portable), "date": date, "messages": messages}

    # Two are enough to know the title. The others are read while the file is written.
    remaining = iter(conversations)
    first = [document(portable) for portable in itertools.islice(remaining, 2)]
    title = first[0]["title"] if len(first) == 1 else "Conversations"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    documents = itertools.chain(first, map(document, remaining))
    yield from template.generate(title=title, conversations=documents)


def _path(portable: PortableConversation) -> list[PortableMessage]:
    by_id = {message.id: message for message in portable.messages}
    path: list[PortableMessage] = []
    message_id = portable.chosen_id
    while message_id in by_id and len(path) < len(by_id):
        path.append(by_id[message_id])
        message_id = by_id[message_id].chosen_id
    return path


def _media(message: PortableMessage) -> dict[str, Sequence[Part]]:
    """The pictures and sounds of results, by their calls."""
    return {call.call_id: call.media or () for call in message.calls}


def _parts(message: PortableMessage) -> Sequence[Part | AnswerCall]:
    if not isinstance(message.content, str):
        return message.content
    if not message.calls:
        return [TextPart.model_construct(text=message.content)]
    entries = entries_of(message.calls)
    return [
        TextPart.model_construct(text=part.text) if isinstance(part, AnswerText) else part
        for part in parts_of(message.content, message.reasoning, entries, live=False)
        if not isinstance(part, AnswerThought)
    ]


def _markdown_call(call: AnswerCall) -> Iterator[str]:
    yield f"\n*{_call_line(call)}*\n\n{fenced(_arguments(call))}\n\n"
    if call.result:
        yield f"{fenced(call.result)}\n\n"


def _call_line(call: AnswerCall) -> str:
    names = " ".join(re.sub(r"[^\w .-]", "_", name) for name in (call.tool, call.source) if name)
    return f"Tool call {names}: {call.state.replace('_', ' ')}"


def _arguments(call: AnswerCall) -> str:
    arguments = call.arguments if call.edited is None else call.edited
    if isinstance(arguments, str):
        return arguments
    return json.dumps(arguments, ensure_ascii=False, indent=1)


def _segments(
    message: PortableMessage, render: Callable[[str, str], str], ids: Iterator[int]
) -> Iterator[_Segment]:
    for part in _parts(message):
        if isinstance(part, AnswerCall):
            yield _Segment("note", _call_line(part))
            yield _Segment("code", _arguments(part))
            yield _Segment("code", part.result or "")
            yield from map(_attachment_segment, _media(message)[part.call_id])
        elif isinstance(part, TextPart) and _is_markdown(message, part.text):
            yield _Segment("markup", render(part.text, str(next(ids))))
        elif isinstance(part, TextPart):
            yield _Segment("text", part.text)
        else:
            yield _attachment_segment(part)
    if message.status in _STATUS:
        yield _Segment("note", _STATUS[message.status])


def _attachment_segment(part: Part) -> _Segment:
    if isinstance(part, ImagePart):
        return _Segment("picture", f"data:{part.media_type};base64,{part.data}", _label(part))
    return _Segment("note", _label(part))


def _is_markdown(message: PortableMessage, text: str) -> bool:
    return message.role == "assistant" and len(text) <= MAX_MARKDOWN


def _author(message: PortableMessage) -> str:
    if message.role == "user":
        return "You"
    if message.role == "system":
        return "System"
    return message.model_id or message.provider_id or "Answer"


def _label(part: Part) -> str:
    if isinstance(part, TextPart):
        return part.text
    kind = "picture" if isinstance(part, ImagePart) else "file"
    return kind if part.name is None else f"{kind} {part.name}"


def _title(portable: PortableConversation) -> str:
    return portable.title or "Untitled conversation"
