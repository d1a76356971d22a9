"""Exports and imports of conversations: our own archive, ChatGPT's export, pages to read."""

import base64
import contextlib
import io
import json
import random
import re
import resource
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shell.contract import (
    AnswerDetail,
    AnswerFailure,
    ImagePart,
    NewConversation,
    Notice,
    NoticeCode,
    Part,
    Remark,
    RemarkCode,
    Role,
    TextPart,
    Timing,
    ViewRequest,
)
from shell.errors import ErrorCode, Reason, ValidationFailed
from shell.store.database import Connection
from shell.store.exchange import archive, chatgpt, importing, limits, portable, render
from shell.store.exchange.importing import ImportCancelled, ImportedPart, import_file
from shell.store.exchange.portable import PortableConversation, PortableMessage
from shell.store.messages import queries, tree
from shell.store.messages.content import take_apart
from shell.store.search import search
from shell.store.store import Store
from shell.store.tables import MAX_CHARACTERS
from shell.support.ids import TEMPORARY, new_id
from tests.store.entries import COMPACTION

PIXEL = base64.b64encode(b"\x89PNG a picture").decode()


def exported(store: Store) -> list[PortableConversation]:
    return store.database.read(
        lambda c: [portable.read_conversation(c, number) for number in portable.numbers(c)]
    ).result()


def archived(store: Store) -> str:
    return "".join(archive.write(exported(store)))


def import_content(store: Store, content: str | bytes) -> ImportedPart:
    body = content.encode() if isinstance(content, str) else content
    return import_file(store.database, io.BytesIO(body), len(body))


@pytest.fixture
def other(tmp_path: Path) -> Iterable[Store]:
    (tmp_path / "other").mkdir()
    store = Store(tmp_path / "other")
    store.open()
    yield store
    store.close()


def path_of(store: Store, conversation_id: str) -> list[object]:
    request = ViewRequest(conversation_id=conversation_id)
    view = store.database.read(lambda c: queries.view(c, request)).result()
    return [message.content for message in view.messages]


def only_id(store: Store) -> str:
    [summary] = store.database.read(queries.summaries).result()
    return summary.id


# --- our own archive ------------------------------------------------------------------------


DETAILS = (
    None,
    AnswerDetail(
        failure=AnswerFailure(
            code=ErrorCode.STREAM_TIMEOUT,
            message="The server is busy.",
            reason=Reason.NO_KEY,
            retryable=True,
            retry_at=7,
        )
    ),
    AnswerDetail(
        notices=[Notice(code=NoticeCode.HISTORY_TRIMMED, text="Shorter.", left_out=3)],
        finish_reason="stop",
        timing=Timing(first_token_ms=1, total_ms=2),
    ),
)
"""Details of answers with different endings."""


def grow(connection: Connection, chance: random.Random) -> None:
    """Create a conversation with random branches, pictures, difficult texts and a chosen path."""
    title = chance.choice(["A title", "", "Ünïcode 🌊 \u2028 </script>"])
    new = NewConversation(title=title, system_prompt=chance.choice([None, 'Be "brief".']))
    number = tree.create(connection, new_id(), new, chance.randrange(10**12))
    tree.set_pinned(connection, number, chance.random() < 0.5)
    tree.set_folder(connection, number, chance.choice([None, "Work"]))
    places: list[int | None] = [None]
    for _ in range(chance.randrange(12)):
        text = chance.choice(["one", "a\x00b", "tab\tand\r\nline", "北京", "x" * 3000, ""])
        parts: list[Part] = [
            TextPart(text=text or "y"),
            ImagePart(media_type="image/png", data=PIXEL),
        ]
        content = take_apart(parts if chance.random() < 0.3 else text)
        role: Role = "user" if chance.random() < 0.5 else "assistant"
        message = tree.NewMessage(
            new_id(), role, content, chance.randrange(10**12), reasoning=chance.choice(["", "hm"])
        )
        if role == "assistant":
            message = replace(message, status="failed", detail=chance.choice(DETAILS))
        places.append(tree.add(connection, number, chance.choice(places), message))
    chosen = chance.choice(places)
    if chosen is not None:
        tree.choose(connection, chosen)


@pytest.mark.parametrize("seed", range(20))
def test_an_archive_comes_back_to_the_byte(store: Store, other: Store, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    for _ in range(3):
        store.database.write(lambda c: grow(c, chance)).result()
    text = archived(store)
    arrived = import_content(other, text)
    assert archived(other) == text
    assert arrived.conversations == 3
    assert arrived.messages == sum(len(conversation.messages) for conversation in exported(store))
    again = import_content(other, text)
    assert (again.conversations, again.messages, again.skipped) == (0, 0, 3)
    assert archived(other) == text


def test_an_empty_archive_is_one_too(store: Store) -> None:
    text = archived(store)
    assert json.loads(text)["conversations"] == []
    assert import_content(store, text).conversations == 0


def test_what_is_missing_is_added_and_the_path_stays(store: Store, other: Store) -> None:
    first, second, third = (new_id() for _ in range(3))
    conversation_id = new_id()

    def begin(connection: Connection) -> None:
        number = tree.create(connection, conversation_id, NewConversation(title="t"), 1)
        root = tree.add(
            connection, number, None, tree.NewMessage(first, "user", take_apart("1"), 1)
        )
        tree.add(connection, number, root, tree.NewMessage(second, "assistant", take_apart("2"), 2))

    store.database.write(begin).result()
    import_content(other, archived(store))

    def branch(connection: Connection) -> None:
        row = queries.row_of(connection, first)
        new = tree.NewMessage(third, "assistant", take_apart("3"), 3)
        tree.add(connection, row.conversation, row.number, new)

    store.database.write(branch).result()
    arrived = import_content(other, archived(store))
    assert (arrived.conversations, arrived.messages, arrived.skipped) == (0, 1, 0)
    assert path_of(other, conversation_id) == ["1", "2"]
    assert path_of(store, conversation_id) == ["1", "3"]


def test_a_temporary_chat_that_was_exported_gets_ids_of_the_disk(
    store: Store, tmp_path: Path
) -> None:
    first, second = (new_id(temporary=True) for _ in range(2))
    temporary = PortableConversation(new_id(temporary=True), "t", 1, 1, chosen_id=first)
    temporary.messages = [
        PortableMessage(first, None, "user", "1", 1, chosen_id=second),
        PortableMessage(second, first, "assistant", "2", 2),
    ]
    text = "".join(archive.write([temporary]))
    assert import_content(store, text).messages == 2
    imported = only_id(store)
    assert store.database_of(imported) is store.database
    assert path_of(store, imported) == ["1", "2"]
    [conversation] = exported(store)
    assert not any(message.id.startswith(TEMPORARY) for message in conversation.messages)
    again = import_content(store, text)
    assert (again.conversations, again.messages) == (0, 0)
    store.restore(store.back_up().result()).result()
    assert path_of(store, imported) == ["1", "2"]


def test_a_conversation_that_is_not_one_is_left_out_and_said(store: Store) -> None:
    good = json.loads("".join(archive.write([PortableConversation("a", "Good", 1, 1)])))
    good["conversations"].insert(0, {"id": 5})
    good["conversations"].append("nonsense")
    arrived = import_content(store, json.dumps(good))
    assert (arrived.conversations, arrived.skipped, len(arrived.remarks)) == (1, 2, 2)


@pytest.mark.parametrize("content", ["", "hello", "PK\x03\x04rubbish", '{"a": 1', "[[[", "nul"])
def test_what_is_no_file_of_conversations_is_refused_in_a_sentence(
    store: Store, content: str
) -> None:
    with pytest.raises(ValidationFailed):
        import_content(store, content)
    assert store.database.read(queries.summaries).result() == []


def test_a_file_that_breaks_off_keeps_what_came_before(store: Store) -> None:
    text = "".join(
        archive.write([PortableConversation("a", "A", 1, 1), PortableConversation("b", "B", 2, 2)])
    )
    with pytest.raises(ValidationFailed, match="1 conversations were imported before that"):
        import_content(store, text[: text.index('"B"')])
    assert only_id(store) == "a"


def archive_of(**fields: object) -> str:
    """An archive of one answer, with these fields of the answer or of the conversation."""
    portable = PortableConversation("c", "t", 1, 1, chosen_id="m")
    portable.messages = [PortableMessage("m", None, "assistant", "x", 1)]
    found = json.loads("".join(archive.write([portable])))
    conversation = found["conversations"][0]
    for name, value in fields.items():
        (conversation if name in conversation else conversation["messages"][0])[name] = value
    return json.dumps(found)


@pytest.mark.parametrize("name", ["calls", "template", "compaction"])
def test_an_archive_without_later_fields_is_imported(store: Store, name: str) -> None:
    found = json.loads(archive_of())
    found["conversations"][0]["messages"][0].pop(name, None)
    assert import_content(store, json.dumps(found)).messages == 1


HUGE = 10**17
NUMBERS: dict[str, object] = {
    "reasoningMs": HUGE,
    "timing": {"firstTokenMs": None, "totalMs": HUGE},
}
TOO_LONG = "x" * (MAX_CHARACTERS + 1)
SUMMARY = COMPACTION.model_dump(mode="json")
CALL = {
    **dict.fromkeys(("callId", "tool", "source"), "t"),
    **dict.fromkeys(("step", "ordinal", "at", "thoughtAt", "bytes", "shownBytes"), 1),
    **dict.fromkeys(("reads", "brings", "sends"), False),
    "type": "call",
    "arguments": {},
    "state": "done",
    "result": TOO_LONG,
}


@pytest.mark.parametrize(
    "fields",
    [
        *({"detail": {name: value}} for name, value in NUMBERS.items()),
        {"compaction": {**SUMMARY, "messages": HUGE}},
        {"systemPrompt": TOO_LONG},
        {"content": TOO_LONG},
        {"content": TOO_LONG[1:], "reasoning": "x"},
        {"content": [{"type": "text", "text": TOO_LONG}]},
        {"providerId": TOO_LONG},
        {"calls": [CALL]},
    ],
    ids=lambda fields: " ".join(fields),
)
def test_what_no_restore_would_take_is_left_out(store: Store, fields: dict[str, object]) -> None:
    arrived = import_content(store, archive_of(**fields))
    assert (arrived.conversations, arrived.skipped) == (0, 1)
    assert "is too l" in arrived.remarks[0].text
    assert exported(store) == []


def test_a_title_that_never_ends_is_cut(store: Store) -> None:
    import_content(store, archive_of(title="T" * 2_000_000, folder="F" * 2_000_000))
    [summary] = store.database.read(queries.summaries).result()
    assert (summary.title, summary.folder) == ("T" * 200, "F" * 100)


# --- ChatGPT --------------------------------------------------------------------------------


def node(
    name: str, parent: str | None, children: list[str], message: object = None
) -> tuple[str, dict[str, object]]:
    return name, {"id": name, "message": message, "parent": parent, "children": children}


def gpt_message(role: str, *parts: object, **more: object) -> dict[str, object]:
    """A message as in ChatGPT's export, with its many fields without information."""
    content = more.pop("content", {"content_type": "text", "parts": list(parts)})
    metadata = more.pop("metadata", {})
    return {
        "id": "m",
        "author": {"role": role, "name": more.pop("name", None), "metadata": {}},
        "create_time": more.pop("create_time", 1_700_000_000.5),
        "update_time": None,
        "content": content,
        "status": "finished_successfully",
        "end_turn": True,
        "weight": 1.0,
        "metadata": metadata,
        "recipient": "all",
        "channel": None,
        **more,
    }


def picture(pointer: str) -> dict[str, object]:
    return {
        "content_type": "image_asset_pointer",
        "asset_pointer": pointer,
        "size_bytes": 1,
        "width": 1,
        "height": 1,
        "fovea": None,
        "metadata": None,
    }


GPT = {"model_slug": "gpt-4o"}
PICTURE = picture("file-service://file-AbC")
BRANCHED = {
    "title": "Branches",
    "create_time": 1_700_000_000.123,
    "update_time": 1_700_000_100.0,
    "mapping": dict(
        [
            node("client-created-root", None, ["sys"]),
            node(
                "sys",
                "client-created-root",
                ["custom"],
                gpt_message("system", "", metadata={"is_visually_hidden_from_conversation": True}),
            ),
            node(
                "custom",
                "sys",
                ["q1", "q1b"],
                gpt_message("user", content={"content_type": "user_editable_context", "x": "x"}),
            ),
            node(
                "q1",
                "custom",
                ["a1", "a1b"],
                gpt_message("user", "First question", create_time=None),
            ),
            node("a1", "q1", [], gpt_message("assistant", "First answer", metadata=GPT)),
            node("a1b", "q1", ["q2"], gpt_message("assistant", "Another answer")),
            node("q2", "a1b", ["t1"], gpt_message("user", None, "What is in ", PICTURE)),
            node("t1", "q2", ["call"], gpt_message("assistant", content={
                "content_type": "thoughts",
                "thoughts": [{"summary": "s", "content": "I look at it"}, None],
            })),
            node("call", "t1", ["tool"], gpt_message("assistant", recipient="python", content={
                "content_type": "code", "language": "python", "text": "print(1)",
            })),
            node("tool", "call", ["recap"], gpt_message("tool", name="python", content={
                "content_type": "execution_output", "text": "1",
            })),
            node("recap", "tool", ["a2"], gpt_message("assistant", content={
                "content_type": "reasoning_recap", "content": "Thought for 2 s",
            })),
            node("a2", "recap", [], gpt_message("assistant", "A canaryword")),
            node("q1b", "custom", ["empty"], gpt_message("user", "Edited question")),
            node("empty", "q1b", [], gpt_message("assistant", "")),
        ]
    ),
    "moderation_results": [],
    "current_node": "a2",
    "conversation_id": "c-1",
    "id": "c-1",
    "is_starred": None,
}  # fmt: skip
ODD: list[object] = [
    {"title": None, "create_time": None, "update_time": None, "mapping": {}, "current_node": None},
    {
        "title": "Odd",
        "mapping": {
            "a": None,
            "b": {"id": "b", "message": None, "parent": "nowhere", "children": None},
            "c": node(
                "c", "b", ["ghost", "c"], gpt_message("user", None, {}, 5, ["x"], "readable")
            )[1],
            "d": node("d", "d", [], gpt_message("assistant", "its own parent"))[1],
            "e": {"message": {"author": None, "content": None}},
            "f": {"message": gpt_message("assistant", content="words"), "parent": "c"},
            "g": {"message": {**gpt_message("user", "g"), "create_time": "yesterday"}, "parent": 7},
            "h": {"message": gpt_message("critic", "unknown role"), "parent": "c"},
        },
        "current_node": "ghost",
    },
    None,
    {"title": "no mapping"},
    {"mapping": None},
    [],
]


def test_a_chatgpt_export_arrives_with_its_branches(store: Store) -> None:
    arrived = import_content(store, json.dumps([BRANCHED]))
    assert (arrived.conversations, arrived.messages, arrived.skipped) == (1, 8, 0)
    assert len(arrived.remarks) == 1
    assert "file-AbC" in arrived.remarks[0].text
    [conversation] = exported(store)
    assert (conversation.title, conversation.created_at, conversation.updated_at) == (
        "Branches",
        1_700_000_000_123,
        1_700_000_100_000,
    )
    assert path_of(store, conversation.id) == [
        "First question",
        "Another answer",
        "What is in \n\n[image: file-service://file-AbC]",
        "```python\nprint(1)\n```",
        "**python**\n\n```\n1\n```",
        "A canaryword",
    ]
    texts = {
        message.content: message
        for message in conversation.messages
        if isinstance(message.content, str)
    }
    first = texts["First question"]
    assert first.created_at == conversation.created_at
    assert texts["Edited question"].parent_id == first.parent_id
    assert texts["First answer"].parent_id == texts["Another answer"].parent_id == first.id
    assert (texts["First answer"].provider_id, texts["First answer"].model_id) == (
        "openai",
        "gpt-4o",
    )
    assert texts["```python\nprint(1)\n```"].reasoning == "I look at it"
    [hit] = store.database.read(lambda c: search.search(c, "canaryword", 5)).result().hits
    assert hit.message_id == texts["A canaryword"].id


@pytest.mark.parametrize("shape", ["list", "one", "quoted"])
def test_a_chatgpt_export_that_speaks_of_our_format_is_not_taken_for_ours(
    store: Store, shape: str
) -> None:
    name = f'"format": "{archive.FORMAT}"' if shape == "quoted" else archive.FORMAT
    about = {**BRANCHED, "title": name}
    arrived = import_content(store, json.dumps([about] if shape == "list" else about))
    assert (arrived.conversations, arrived.skipped) == (1, 0)
    assert [conversation.title for conversation in exported(store)] == [name]


def test_odd_and_broken_conversations_do_not_stop_an_import(store: Store) -> None:
    arrived = import_content(store, json.dumps([*ODD, BRANCHED]))
    assert (arrived.conversations, arrived.skipped) == (3, 4)
    texts = {m.content for conversation in exported(store) for m in conversation.messages}
    assert {"readable", "its own parent", "g", "A canaryword"} <= texts
    again = import_content(store, json.dumps([*ODD, BRANCHED]))
    assert (again.conversations, again.messages, again.skipped) == (0, 0, 7)


@pytest.mark.parametrize("value", [["x"], {"x": 1}, 7, True, 1e300, None])
def test_no_value_of_another_kind_stops_an_import(store: Store, value: object) -> None:
    """Puts a value in the place of each other value of an export, one at a time."""

    def spoilt(found: object) -> Iterator[object]:
        if isinstance(found, dict):
            for key, inner in found.items():
                yield from ({**found, key: each} for each in [value, *spoilt(inner)])
        elif isinstance(found, list):
            for place, inner in enumerate(found):
                for each in [value, *spoilt(inner)]:
                    yield [*found[:place], each, *found[place + 1 :]]

    count = 0
    for conversation in spoilt(BRANCHED):
        count += 1
        with contextlib.suppress(chatgpt.NotChatGpt):
            limits.check(chatgpt.read(conversation, lambda _: None, []))
    assert count > 300
    odd = {"id": "odd", "mapping": {"a": {"children": [["x"]], "message": None}}}
    assert import_content(store, json.dumps([odd, BRANCHED])).messages == 8


def test_a_picture_that_is_missing_often_is_said_a_few_times(store: Store) -> None:
    missing = [picture("file-service://" + "x" * 1_000)] * 2_000
    conversation = {"id": "c", "mapping": {"a": child_node(None, gpt_message("user", *missing))}}
    warnings: list[Remark] = []
    chatgpt.read(conversation, lambda _: None, warnings)
    assert len(warnings) <= chatgpt.MAX_WARNINGS + 1
    assert max(len(str(warning)) for warning in warnings) < 1_000
    remarks = import_content(store, json.dumps([conversation])).remarks
    assert [remark.code for remark in remarks[-2:]] == [
        RemarkCode.ATTACHMENT_LEFT_OUT,
        RemarkCode.MORE_LEFT_OUT,
    ]


HALVES = [
    (r"\ud800", "\ufffd"),
    (r"\udc00", "\ufffd"),
    (r"\uDE00\ud83D", "\ufffd\ufffd"),
    (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    (r"\ud83d\ude00\ude00", "\U0001f600\ufffd"),
    (r"\ud800\u0041", "\ufffdA"),
    (r"\ud800\n", "\ufffd\n"),
    (r"\\ud800", r"\ud800"),
    (r"\\\ud800\\", "\\\ufffd\\"),
    (r"\\\\udc00\\\\", r"\\udc00\\"),
    ("\ud83d", "\ufffd"),
    ("\ude00\ud83d", "\ufffd\ufffd"),
    ("\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    ("\ud7ff\ude00\ud800\ue000", "\ud7ff\ufffd\ufffd\ue000"),
]


@pytest.mark.parametrize("size", [1, 2, 5, 7, 12, 13, 64])
def test_halves_of_emoji_are_replaced_wherever_the_file_is_cut(size: int) -> None:
    body = json.dumps(["HERE, HERE, HERE", "next"]).encode()
    for escaped, meant in HALVES:
        data = body.replace(b"HERE", escaped.encode("utf-8", "surrogatepass"))
        limited_file = importing._LimitedFile(io.BytesIO(data), ImportedPart(), lambda _: None)
        given = b""
        while piece := limited_file.read(size):
            given += piece
        assert json.loads(given) == [", ".join([meant] * 3), "next"], escaped


@pytest.mark.parametrize("halves", [r"\ude00 and \ud83d", "\ude00 and \ud83d"])
def test_half_an_emoji_does_not_stop_an_import(store: Store, halves: str) -> None:
    user_node = child_node(None, gpt_message("user", "WORDS \U0001f600"))
    first, second = ({"id": name, "title": "WORDS", "mapping": {"a": user_node}} for name in "12")
    export = json.dumps([first, BRANCHED, second])
    arrived = import_content(
        store, export.replace("WORDS", halves).encode("utf-8", "surrogatepass")
    )
    assert (arrived.conversations, arrived.skipped) == (3, 0)
    texts = [message.content for found in exported(store) for message in found.messages]
    assert texts.count("\ufffd and \ufffd \U0001f600") == 2


def test_the_zip_brings_its_pictures(store: Store) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as zipped:
        zipped.writestr("export/conversations-000.json", json.dumps([BRANCHED]))
        zipped.writestr("export/conversations-001.json", "[]")
        zipped.writestr("export/file-AbC-holiday.png", b"\x89PNG a picture")
        zipped.writestr("export/chat.html", "<html>")
    arrived = import_content(store, body.getvalue())
    assert arrived.remarks == []
    [conversation] = exported(store)
    [question] = [message for message in conversation.messages if isinstance(message.content, list)]
    assert question.content == [
        TextPart(text="What is in "),
        ImagePart(media_type="image/png", data=PIXEL),
    ]


def test_a_long_text_beside_a_picture_comes_back_from_our_archive(
    store: Store, other: Store
) -> None:
    """A person may not send such a text, but ChatGPT's users may have."""
    long_text = "x" * 100_001
    message = gpt_message("user", long_text, PICTURE, picture("file-service://file-empty"))
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as zipped:
        conversation = {"id": "c", "mapping": {"a": child_node(None, message)}}
        zipped.writestr("conversations.json", json.dumps([conversation]))
        zipped.writestr("file-AbC.png", b"\x89PNG a picture")
        zipped.writestr("file-empty.png", b"")
    assert len(import_content(store, body.getvalue()).remarks) == 1, "the empty picture"
    text = archived(store)
    arrived = import_content(other, text)
    assert (arrived.messages, arrived.remarks) == (1, [])
    assert archived(other) == text


def test_progress_is_told_and_an_import_can_be_stopped(store: Store) -> None:
    text = json.dumps([{**BRANCHED, "conversation_id": f"c-{n}"} for n in range(200)])
    seen: list[tuple[int, int]] = []

    def progress(arrived: ImportedPart) -> None:
        seen.append((arrived.read_bytes, arrived.conversations))
        if arrived.conversations >= 50:
            raise ImportCancelled

    body = text.encode()
    with pytest.raises(ImportCancelled):
        import_file(store.database, io.BytesIO(body), len(body), progress)
    assert seen == sorted(seen)
    assert 0 < seen[-1][0] <= len(body)
    assert len(store.database.read(queries.summaries).result()) == 50
    second = import_content(store, text)
    assert (second.conversations, second.skipped) == (150, 50)


# --- pages ----------------------------------------------------------------------------------

HOSTILE_NAME = '"><img src=x onerror=alert(1)>'
HOSTILE = '</script><script>alert(1)</script><img src="https://evil.example/x" onerror=alert(1)>'


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def hostile(store: Store) -> list[PortableConversation]:
    def write(connection: Connection) -> None:
        number = tree.create(connection, new_id(), NewConversation(title=HOSTILE), 1)
        content: list[Part] = [
            TextPart(text=HOSTILE),
            ImagePart(name=HOSTILE_NAME, media_type="image/png", data=PIXEL),
        ]
        question = tree.NewMessage(new_id(), "user", take_apart(content), 1)
        user = tree.add(connection, number, None, question)
        text = f"Look:\n\n```html\n{HOSTILE}\n```\nafter"
        answer = tree.NewMessage(
            new_id(), "assistant", take_apart(text), 1, "interrupted", "p", "model-x"
        )
        tree.add(connection, number, user, answer)

    store.database.write(write).result()
    return exported(store)


def test_an_html_page_runs_nothing_and_loads_nothing(store: Store) -> None:
    text = "".join(render.html(hostile(store)))
    tags = Tags()
    tags.feed(text)
    names = {tag for tag, _ in tags.tags}
    assert not names & {"script", "iframe", "object", "link", "form", "a", "base", "video"}
    links = [
        value for _, attrs in tags.tags for key, value in attrs.items() if key in ("src", "href")
    ]
    assert links == [f"data:image/png;base64,{PIXEL}"]
    assert not any(key.startswith("on") for _, attrs in tags.tags for key in attrs)
    assert "default-src 'none'" in text
    assert f"picture {HOSTILE_NAME}" in [dict(attrs).get("alt") for _, attrs in tags.tags]
    assert len([tag for tag, _ in tags.tags if tag == "pre"]) == 1
    assert "interrupted" in text
    assert "http" not in re.sub(r"http-equiv|https://evil\.example", "", text)


def test_markdown_has_the_chosen_path(store: Store) -> None:
    text = "".join(render.markdown(hostile(store)))
    assert text.startswith("# </script>")
    assert "\n## You\n\n" in text
    assert "\n## model-x\n\nLook:\n\n```html\n" in text
    assert "*This answer was interrupted.*" in text


KINDS = {"deflate": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0.3, 0.5, 0.7])
def test_a_damaged_zip_is_a_sentence(store: Store, at: float, kind: str) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", KINDS[kind]) as zipped:
        text = json.dumps([{**BRANCHED, "conversation_id": f"c-{n}"} for n in range(20)])
        zipped.writestr("conversations.json", text)
    content = bytearray(body.getvalue())
    place = int(len(content) * at)
    content[place : place + 20] = bytes(byte ^ 0xFF for byte in content[place : place + 20])
    with pytest.raises(ValidationFailed):
        import_content(store, bytes(content))


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_picture_is_left_out(store: Store, kind: str) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", KINDS[kind]) as zipped:
        zipped.writestr("file-AbC.png", random.Random(1).randbytes(500))  # noqa: S311
        size = body.tell()
        zipped.writestr("conversations.json", json.dumps([BRANCHED]), zipfile.ZIP_DEFLATED)
    content = bytearray(body.getvalue())
    content[60 : size - 5] = b"\xff" * (size - 65)
    arrived = import_content(store, bytes(content))
    assert (arrived.messages, len(arrived.remarks)) == (8, 1)


@pytest.mark.parametrize("broken", [b'[{"title": "gr\xfc\xdfe"}]', b"[{'title': 1}]", b"[tru]"])
def test_what_the_parser_refuses_is_told_in_its_words(store: Store, broken: bytes) -> None:
    with pytest.raises(ValidationFailed, match=r"\((lexical|parse) error: [\w ,'.-]+\); 0 "):
        import_content(store, broken)


# --- files that are made to do harm ---------------------------------------------------------


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 200_000,
        b'[{"mapping": {"a": ' + b'{"a":' * 200_000,
        b'[{"title": "' + b"]" * 200_000 + b'", "mapping": ' + b"[" * 200,
        b'[{"title": "' + rb"\"" * 100_001 + b'", "mapping": ' + b"[" * 200,
    ],
    ids=["lists", "objects", "closed only in a string", "escaped quotes"],
)
def test_a_deeply_nested_file_is_refused(store: Store, bomb: bytes) -> None:
    with pytest.raises(ValidationFailed, match="too deeply nested"):
        import_content(store, bomb)


def test_brackets_in_what_was_said_are_not_nesting(store: Store) -> None:
    text = '[{"' * 50_000 + "\\"
    conversation = {"id": "c", "mapping": {"a": child_node(None, gpt_message("user", text))}}
    assert (
        import_content(store, json.dumps([conversation, conversation | {"id": "d"}])).messages == 2
    )
    assert text in str(path_of(store, exported(store)[0].id))


def test_a_million_escaped_quotes_do_not_hold_up_the_host() -> None:
    data = b'["' + rb"\"" * 1_000_000 + b'"]'
    limited_file = importing._LimitedFile(io.BytesIO(data), ImportedPart(), lambda _: None)
    began = time.process_time()
    given = b""
    while piece := limited_file.read(65_536):
        given += piece
    assert given == data
    assert time.process_time() - began < 10, "it would be 150 s"


@pytest.mark.parametrize("limit", ["MAX_CONVERSATION_BYTES", "MAX_CONVERSATION_MARKS"])
def test_one_conversation_that_never_ends_is_refused_and_many_are_not(
    store: Store, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(importing, limit, 200_000)
    filler = {"id": "c", "mapping": {}, "x": [0] * 50_000}
    assert (
        import_content(store, json.dumps([filler | {"id": str(n)} for n in range(6)])).skipped == 0
    )
    with pytest.raises(ValidationFailed, match="too large"):
        import_content(store, json.dumps([filler | {"x": [0] * 400_000}]))


def test_one_picture_named_often_does_not_fill_the_memory(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_PICTURES_BYTES", 1_000)
    mapping = {"a": child_node(None, gpt_message("user", *[picture("file-service://file-1")] * 50))}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("file-1.png", bytes(300))
        file.writestr("conversations.json", json.dumps([{"id": "c", "mapping": mapping}]))
    arrived = import_content(store, packed.getvalue())
    [message] = exported(store)[0].messages
    assert sum(isinstance(part, ImagePart) for part in message.content) == 3
    assert len(arrived.remarks) == 47, "what is left out is said"


def test_a_chain_of_thoughts_is_not_copied_at_every_link(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def thought(text: str) -> dict[str, object]:
        content = {"content_type": "thoughts", "thoughts": [{"content": text}]}
        return {"author": {"role": "assistant"}, "content": content}

    mapping = {
        f"t{n}": child_node(f"t{n - 1}" if n else None, thought("x" * 99)) for n in range(20_000)
    }
    conversation = {
        "id": "c",
        "mapping": mapping | {"z": child_node("t19999", gpt_message("assistant", "hi"))},
    }
    before = peak_kb()
    assert import_content(store, json.dumps([conversation])).messages == 1
    assert peak_kb() - before < 500_000, "it would be 20 GB"
    assert len(exported(store)[0].messages[0].reasoning) == 101 * 20_000 - 2
    monkeypatch.setattr(chatgpt, "MAX_THOUGHT_CHARACTERS", 1_000)
    assert import_content(store, json.dumps([conversation])).skipped == 1


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def child_node(parent: str | None, message: dict[str, object]) -> dict[str, object]:
    return {"parent": parent, "children": [], "message": message}
