"""The embedded model answers in both shells. The tests check events, since its texts vary."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from shell.contract import PreferencesChange
from shell.conversations.history import SUMMARY
from shell.settings import SettingsFile
from tests.chromium import PATIENCE_MS
from tests.command import run
from tests.e2e.app import (
    LOG_TEXT,
    App,
    Kind,
    answer,
    answer_text,
    ask,
    running,
    wait_for_end,
)

pytestmark = pytest.mark.model
MOST_TOKENS = 64


SUMMARIZED_MS = 180_000
"""Timeout for the longest summary on a busy machine."""


@pytest.fixture(scope="module")
def data(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(f"local-{kind}")


@pytest.fixture(scope="module")
def local_app(kind: Kind, playwright: Playwright, data: Path) -> Iterator[App]:
    """The program with the embedded model, which without a limit may write very long answers."""
    SettingsFile(data).change(PreferencesChange(default_max_tokens=MOST_TOKENS))
    with running(kind, playwright, data, "local") as started:
        yield started


def test_a_typed_question_gets_a_streamed_answer(local_app: App) -> None:
    page = local_app.page()
    ask(page, "Name three colours.")
    expect(answer(page)).not_to_be_empty(timeout=PATIENCE_MS)
    end_event = wait_for_end(page, patience_ms=60_000)
    assert end_event["finishReason"] in ("stop", "length")
    usage = end_event["usage"]
    assert isinstance(usage, dict)
    assert usage["estimated"] is False
    assert 0 < usage["outputTokens"] <= MOST_TOKENS
    log = page.evaluate(LOG_TEXT, end_event["inferenceId"])
    assert log["ends"] == 1
    assert "".join(log["text"].split()) != ""
    assert answer_text(page) != ""
    assert page.evaluate("window.seen.violations") == []


def test_it_writes_a_summary_which_the_next_request_has(local_app: App, data: Path) -> None:
    page = local_app.page()
    for number, question in enumerate(("What is a tide?", "What is a harbor?", "What is a boat?")):
        ask(page, question)
        wait_for_end(page, number + 1, 60_000)
    page.get_by_role("button", name="Conversation actions").click()
    page.get_by_role("menuitem", name="Summarize earlier messages…").click()
    dialog = page.get_by_role("dialog", name="Summarize earlier messages")
    expect(dialog).to_contain_text("4 messages")
    dialog.get_by_role("button", name="Summarize").click()
    fold = page.get_by_role("region", name="Earlier messages are summarized")
    expect(fold).to_contain_text("4 messages", timeout=SUMMARIZED_MS)
    fold.locator("summary").click()
    fold.get_by_role("button", name="Edit").click()
    summary = fold.get_by_role("textbox", name="Summary").input_value()
    assert summary.strip() != ""

    ask(page, "And what is a bridge?")
    end_event = wait_for_end(page, 4, 60_000)
    completed = run(
        "wire", "show", str(end_event["inferenceId"]), "--as", "json", "--data-dir", str(data)
    )
    assert completed.status == 0, completed.err
    body = json.loads(json.loads(completed.out)["attempts"][-1]["request"]["body"])
    sent_messages = json.dumps(body["messages"], ensure_ascii=False)
    assert SUMMARY.strip() in sent_messages
    assert json.dumps(summary.strip().splitlines()[0], ensure_ascii=False)[1:-1] in sent_messages
    # The summary may quote the questions, so compare whole messages.
    contents = [str(message["content"]) for message in body["messages"]]
    assert "What is a tide?" not in contents
    assert "What is a harbor?" not in contents
    assert sum(content.endswith("What is a boat?") for content in contents) == 1
