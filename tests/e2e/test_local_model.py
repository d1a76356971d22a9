"""The embedded model answers in both shells. Its words are its own: events are what is checked."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from shell.contract import PreferencesChange
from shell.settings import SettingsFile
from tests.e2e.app import (
    LOG_TEXT,
    PATIENCE_MS,
    App,
    Kind,
    answer,
    ask,
    running,
    shown,
    wait_for_end,
)

pytestmark = pytest.mark.model
MOST_TOKENS = 64


@pytest.fixture(scope="module")
def local_app(
    kind: Kind, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """The program with the embedded model. Left to itself, so small a model may ramble on."""
    data = tmp_path_factory.mktemp("local")
    SettingsFile(data).change(PreferencesChange(default_max_tokens=MOST_TOKENS))
    with running(kind, playwright, data, "local") as started:
        yield started


def test_a_typed_question_gets_a_streamed_answer(local_app: App) -> None:
    page = local_app.page()
    ask(page, "Name three colours.")
    expect(answer(page)).not_to_be_empty(timeout=PATIENCE_MS)
    end = wait_for_end(page, patience_ms=60_000)
    assert end["finishReason"] in ("stop", "length")
    usage = end["usage"]
    assert isinstance(usage, dict)
    assert usage["estimated"] is False
    assert 0 < usage["outputTokens"] <= MOST_TOKENS
    log = page.evaluate(LOG_TEXT, end["inferenceId"])
    assert log["ends"] == 1
    assert "".join(log["text"].split()) != ""
    assert shown(page) != ""
    assert page.evaluate("window.seen.violations") == []
