"""Reads conversations of a ChatGPT export: a mapping of nodes, of which many fields may be missing.

Every node with visible content becomes a message at its place in the tree. Other nodes, such as a
root, a hidden instruction or an empty answer, are left out, and their children move up. The
thoughts of a model become the reasoning of the answer that follows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from shell.contract import ImagePart, Part, Remark, RemarkCode, Role, TextPart
from shell.store.exchange.portable import PortableConversation, PortableMessage
from shell.store.messages.markdown_text import fenced
from shell.store.tables import MAX_TITLE_CHARACTERS
from shell.support.ids import derived_id

Raw = Mapping[str, object]
Thoughts: TypeAlias = "tuple[Thoughts, str] | None"
"""The earlier thoughts and the last one. Joined only for an answer, because a chain may be long."""
MAX_THOUGHT_CHARACTERS = 50_000_000
"""Limit for all answers of a conversation. Answers that branch off one chain each repeat it."""
MAX_WARNINGS = 100
"""Limit on the remarks about one import."""
Picture = Callable[[str], ImagePart | None]
"""Finds the picture of a reference; returns None when the export does not have it."""

_POINTERS = {
    "image_asset_pointer": "image",
    "audio_asset_pointer": "audio",
    "real_time_user_audio_video_asset_pointer": "recording",
    "video_container_asset_pointer": "video",
}
_ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "tool": "assistant",
    "system": "system",
}
_HIDDEN_TYPES = {"user_editable_context", "model_editable_context", "reasoning_recap"}
"""Content types that ChatGPT itself does not show as messages."""


class NotChatGpt(ValueError):
    """The value is not a conversation of a ChatGPT export."""


@dataclass(slots=True)
class _ImportState:
    mapping: Raw
    picture: Picture
    warnings: list[Remark]
    portable: PortableConversation
    message_ids: dict[str, str | None] = field(default_factory=dict)
    """The message of each node: its own, or that of its nearest ancestor with one, or None."""
    thought_characters: int = 0
    thoughts: dict[str, Thoughts] = field(default_factory=dict)
    """Thoughts above each node that are not part of an answer yet."""


def read(raw: object, picture: Picture, warnings: list[Remark]) -> PortableConversation:
    """Read one conversation.

    Raises:
        NotChatGpt: the value is not a conversation of a ChatGPT export.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("mapping"), Mapping):
        raise NotChatGpt("it has no mapping of messages")
    mapping: Raw = raw["mapping"]
    name = _text(raw.get("conversation_id")) or _text(raw.get("id")) or "\n".join(mapping)
    created = _time(raw.get("create_time"))
    title = " ".join(_text(raw.get("title")).split())
    portable = PortableConversation(
        id=derived_id("chatgpt", name),
        title=title[:MAX_TITLE_CHARACTERS] or "Imported conversation",
        created_at=created,
        updated_at=_time(raw.get("update_time")) or created,
        pinned=raw.get("is_starred") is True,
    )
    state = _ImportState(mapping, picture, warnings, portable)
    for node_id in _order(mapping):
        _add_node(state, node_id)
    last = raw.get("current_node")
    _choose(state, last if isinstance(last, str) else None)
    times = [message.created_at for message in portable.messages if message.created_at]
    portable.created_at = portable.created_at or min(times, default=0)
    portable.updated_at = portable.updated_at or max(times, default=0)
    return portable


def _order(mapping: Raw) -> list[str]:
    """Order the nodes: parents before children, siblings in the order of their parent's list."""
    children_by_parent: dict[str | None, list[str]] = {}
    for node_id in mapping:
        children_by_parent.setdefault(_parent(mapping, node_id), []).append(node_id)
    ordered: dict[str, None] = {}
    stack = children_by_parent.get(None, [])[::-1]
    while stack:
        node_id = stack.pop()
        ordered[node_id] = None
        node = mapping[node_id]
        child_ids = node.get("children") if isinstance(node, Mapping) else None
        places = {_text(child): place for place, child in enumerate(_list(child_ids))}
        children = children_by_parent.get(node_id, [])
        stack += sorted(children, key=lambda c: places.get(c, len(places)), reverse=True)
    # Nodes whose parents form a circle have no root. They stay in the order of the file.
    return [*ordered, *(node_id for node_id in mapping if node_id not in ordered)]


def _parent(mapping: Raw, node_id: str) -> str | None:
    node = mapping.get(node_id)
    parent = node.get("parent") if isinstance(node, Mapping) else None
    return parent if isinstance(parent, str) and parent in mapping else None


def _add_node(state: _ImportState, node_id: str) -> None:
    parent = _parent(state.mapping, node_id)
    parent_message_id = None if parent is None else state.message_ids.get(parent)
    thoughts = None if parent is None else state.thoughts.get(parent)
    state.message_ids[node_id], state.thoughts[node_id] = parent_message_id, thoughts
    raw = _map(_map(state.mapping[node_id]).get("message"))
    author, metadata, content = (_map(raw.get(k)) for k in ("author", "metadata", "content"))
    role = _ROLES.get(str(author.get("role")))
    hidden = metadata.get("is_visually_hidden_from_conversation") is True
    kind = _text(content.get("content_type"))
    if role is None or hidden or kind in _HIDDEN_TYPES:
        return
    if kind == "thoughts":
        texts = [_text(_map(thought).get("content")) for thought in _list(content.get("thoughts"))]
        text = "\n\n".join(filter(None, texts))
        state.thoughts[node_id] = (thoughts, text) if text else thoughts
        return
    message_content = _content(state, content, metadata)
    if not message_content:
        return
    if author.get("role") == "tool" and isinstance(message_content, str):
        message_content = f"**{_text(author.get('name')) or 'tool'}**\n\n{message_content}"
    is_answer = role == "assistant"
    message = PortableMessage(
        id=derived_id(state.portable.id, node_id),
        parent_id=parent_message_id,
        role=role,
        content=message_content,
        created_at=_time(raw.get("create_time")) or state.portable.created_at,
        status="interrupted" if raw.get("status") == "in_progress" else "complete",
        provider_id="openai" if is_answer else None,
        model_id=(_text(metadata.get("model_slug")) or None) if is_answer else None,
        reasoning=_join_thoughts(state, thoughts) if is_answer else "",
    )
    state.portable.messages.append(message)
    state.message_ids[node_id] = message.id
    if is_answer:
        state.thoughts[node_id] = None


def _join_thoughts(state: _ImportState, thoughts: Thoughts) -> str:
    texts: list[str] = []
    while thoughts is not None:
        thoughts, text = thoughts
        texts.append(text)
        state.thought_characters += len(text)
        if state.thought_characters > MAX_THOUGHT_CHARACTERS:
            raise NotChatGpt("its thoughts are too long")
    return "\n\n".join(reversed(texts))


def _choose(state: _ImportState, node_id: str | None) -> None:
    """Choose the path from the current node up to the first message."""
    by_id = {message.id: message for message in state.portable.messages}
    message_id = state.message_ids.get(node_id) if node_id is not None else None
    while message_id is not None:
        parent_id = by_id[message_id].parent_id
        parent = state.portable if parent_id is None else by_id[parent_id]
        parent.chosen_id, message_id = message_id, parent_id


# --- content --------------------------------------------------------------------------------


def _content(state: _ImportState, content: Raw, metadata: Raw) -> str | list[Part]:
    kind = content.get("content_type")
    text = _text(content.get("text"))
    match kind:
        case "code" | "execution_output" if not text.strip():
            return ""
        case "code":
            language = _text(content.get("language"))
            return fenced(text, "" if language == "unknown" else language)
        case "execution_output":
            return fenced(text)
        case "tether_quote":
            quoted = "\n".join(f"> {line}" for line in text.splitlines())
            return f"{_text(content.get('title'))}\n{quoted}".strip()
        case "tether_browsing_display":
            return _text(content.get("result")) or _text(content.get("summary"))
        case _:
            pass
    pieces = [_part(state, part) for part in _list(content.get("parts"))] or [text]
    for attachment in _list(metadata.get("attachments")):
        name = _text(_map(attachment).get("name"))
        picture = _text(_map(attachment).get("mime_type") or _map(attachment).get("mimeType"))
        if name and not picture.startswith("image/"):
            pieces.append(f"[file: {name}]")
    pieces = [piece for piece in pieces if piece]
    if not any(isinstance(piece, ImagePart) for piece in pieces):
        return "\n\n".join(str(piece) for piece in pieces)
    return [p if isinstance(p, ImagePart) else TextPart.model_construct(text=p) for p in pieces]


def _part(state: _ImportState, part: object) -> str | ImagePart:
    if isinstance(part, str):
        return part
    fields = _map(part)
    kind = _POINTERS.get(str(fields.get("content_type")))
    if kind is None:
        return _text(fields.get("text"))  # a transcription, among others
    reference = _text(fields.get("asset_pointer"))
    picture = state.picture(reference) if kind == "image" else None
    if picture is None:
        if len(state.warnings) <= MAX_WARNINGS:  # one more than are shown
            state.warnings.append(_left_out(state.portable.title, kind, reference[:200]))
        return f"[{kind}: {reference}]"
    return picture


def _left_out(title: str, kind: str, name: str) -> Remark:
    text = f"{title}: {kind} {name or 'without a name'} is not included"
    facts = {"title": title, "kind": kind, "name": name}
    return Remark(code=RemarkCode.ATTACHMENT_LEFT_OUT, text=text, facts=facts)


def _map(value: object) -> Raw:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object) -> int:
    """Convert seconds since the epoch to milliseconds; 0 when the value is not a sensible time."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value * 1000) if 0 < value < 1e11 else 0
