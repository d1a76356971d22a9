"""`tidewire compact` as a process: a summary, its undo, and its errors."""

import json
import sys
from pathlib import Path

import pytest

from tests.command import run
from tests.tools.terminal import Terminal


@pytest.fixture
def talk(tmp_path: Path) -> str:
    """A conversation of six exchanges with the echo provider, imported."""
    messages: list[dict[str, object]] = [
        {
            "id": f"m{number}",
            "parentId": None if number == 0 else f"m{number - 1}",
            "chosenId": None if number == 11 else f"m{number + 1}",
            "role": "assistant" if number % 2 else "user",
            "content": f"What was said here is number {number}. " * 5,
            "reasoning": "",
            "status": "complete",
            "providerId": "echo" if number % 2 else None,
            "modelId": "echo" if number % 2 else None,
            "createdAt": number,
            "detail": None,
        }
        for number in range(12)
    ]
    head: dict[str, object] = {
        "id": "talk",
        "title": "Talk",
        "titleFrom": "person",
        "systemPrompt": None,
    }
    head |= {"folder": None, "pinned": False, "createdAt": 1, "updatedAt": 1, "chosenId": "m0"}
    file = tmp_path / "export.json"
    whole = {"format": "tidewire-conversations", "version": 1}
    file.write_text(json.dumps({**whole, "conversations": [{**head, "messages": messages}]}))
    assert run("conversations", "import", str(file), "--data-dir", str(tmp_path)).status == 0
    return "talk"


def exported(folder: Path) -> list[dict[str, object]]:
    out = run("conversations", "export", "talk", "--data-dir", str(folder)).out
    messages: list[dict[str, object]] = json.loads(out)["conversations"][0]["messages"]
    return messages


def test_a_conversation_is_summarized_and_the_summary_undone(talk: str, tmp_path: Path) -> None:
    options = ("--data-dir", str(tmp_path), "--json")
    before = exported(tmp_path)
    done = run("compact", talk, *options)
    assert (done.status, done.err) == (0, "")
    [line] = done.lines
    assert line["conversationId"] == talk
    assert line["messageId"] == "m9"
    assert line["messages"] == 10
    assert "number 0" in str(line["text"])
    summarized = exported(tmp_path)
    compaction = summarized[9].pop("compaction")
    assert isinstance(compaction, dict)
    assert (compaction["text"], compaction["undone"]) == (line["text"], False)
    assert summarized == before, "the messages are as they were"
    [row] = run("usage", "--by", "conversation", *options).lines
    assert (row["key"], row["calls"]) == (talk, 1)

    undone = run("compact", talk, "--undo", *options)
    [line] = undone.lines
    assert line == {"conversationId": talk, "messageId": "m9", "undone": True}
    second = run("compact", talk, "--undo", "--data-dir", str(tmp_path))
    assert second.status == 1
    assert second.is_one_sentence("has no summary")


def test_what_costs_something_is_not_done_without_a_yes(talk: str, tmp_path: Path) -> None:
    key = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    command = ("compact", talk, "--provider", "openai", "--model", "gpt-4o")
    refused = run(*command, "--data-dir", str(tmp_path), **key)
    assert refused.status == 2
    assert refused.is_one_sentence("It may cost $", "--yes")
    failed = run(*command, "--yes", "--data-dir", str(tmp_path), **key)
    assert failed.status == 1
    assert failed.is_one_sentence("NETWORK_ERROR")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("yes\n", "tidewire: NETWORK_ERROR"),
        ("\n", "tidewire: You did not agree, so nothing was summarized"),
        ("\x04", "tidewire: You did not agree, so nothing was summarized"),
    ],
)
def test_the_question_about_its_cost_is_not_part_of_the_output(
    talk: str, tmp_path: Path, answer: str, sentence: str
) -> None:
    key = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    command = ["compact", talk, "--provider", "openai", "--model", "gpt-4o", "--json"]
    out = tmp_path / "out.json"
    with out.open("wb") as file:
        options = ("--data-dir", str(tmp_path))
        with Terminal(*command, *options, out=file.fileno(), **key) as terminal:
            terminal.until("Summarize 10 messages? [y/N] ")
            terminal.enter(answer)
            assert terminal.wait_for_exit() == 1
    assert terminal.output.splitlines()[-1].startswith(sentence), terminal.output
    assert out.read_bytes() == b""


def test_an_unknown_conversation_is_said(tmp_path: Path) -> None:
    refused = run("compact", "nothing", "--data-dir", str(tmp_path))
    assert refused.status == 1
    assert refused.is_one_sentence("not found")
