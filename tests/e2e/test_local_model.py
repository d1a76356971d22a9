"""The embedded model answers in both shells. Its words are its own: events are what is checked."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.app import LOG_TEXT, App, Kind, answer, ask, running, shown, wait_for_end

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def local_app(
    kind: Kind, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    with running(kind, playwright, tmp_path_factory.mktemp("local"), "local") as started:
        yield started


def test_a_typed_question_gets_a_streamed_answer(local_app: App) -> None:
    page = local_app.page()
    ask(page, "Name three colours.")
    expect(answer(page)).not_to_be_empty()
    end = end_of(page)
    assert end["finishReason"] in ("stop", "length")
    usage = end["usage"]
    assert isinstance(usage, dict)
    assert usage["estimated"] is False
    assert usage["outputTokens"] > 0
    log = page.evaluate(LOG_TEXT, end["inferenceId"])
    assert log["ends"] == 1
    assert "".join(log["text"].split()) != ""
    assert shown(page) != ""
    assert page.evaluate("window.seen.violations") == []


def end_of(page: Page) -> dict[str, object]:
    """Its end; a small model may ramble, and is then stopped at its own limit."""
    return wait_for_end(page, patience_ms=60_000)
