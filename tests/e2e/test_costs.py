"""The cost of answers: estimates in the box, budgets, and the statistics in the settings."""

import csv
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from playwright.sync_api import Page, Playwright, expect

from shell.contract import NO_BUDGETS, Budget, PreferencesChange
from shell.providers.charges import Price, Reservation
from shell.providers.custom import CustomProvider, add
from shell.settings import SettingsFile
from shell.store import reservations
from shell.store.ledger import FILE
from shell.store.schema import migrate
from tests.e2e.app import App, Kind, answer, ask, box, running, wait_for_end
from tests.e2e.model_server import model_server
from tests.store.ledger_walk import call

MODEL = "harbour-dear"
TABLE = """
date = 2026-11-29

[[model]]
provider = "harbour"
match = "harbour-dear"
context = 32_000
price = [1000.0, 1000.0]
"""
"""The price is a tenth of a cent for each token."""
TODAY = datetime.now(UTC).date()
PRICE = Price(1_000_000, 1_000_000)


@pytest.fixture(scope="module")
def app(
    kind: Kind, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """A program with an expensive model, a small budget for answers, and usage of three days."""
    data = tmp_path_factory.mktemp("costs")
    (data / "models.toml").write_text(TABLE, "utf-8")
    budgets = NO_BUDGETS.model_copy(update={"answer": Budget(usd=0.1, tokens=None)})
    SettingsFile(data).change(PreferencesChange(budgets=budgets))
    with closing(apsw.Connection(str(data / FILE))) as connection:
        migrate(connection, reservations.MIGRATIONS)
        for days in (9, 4, 1):
            reservation = reservations.reserve(
                connection, call(), NO_BUDGETS, TODAY - timedelta(days)
            )
            assert isinstance(reservation, Reservation)
            reservations.settle(connection, reservation.number, PRICE, (1_000, 250 * days))
    with model_server(models=[MODEL]) as server:
        provider = CustomProvider(id="harbour", base_url=server.url, default_model=MODEL)
        add(data, provider, set())
        with running(kind, playwright, data, "harbour") as started:
            yield started


def test_an_answer_stops_at_its_budget_and_goes_on_with_more(page: Page) -> None:
    ask(page, "how high is the water?")
    card = page.get_by_role("region", name="Budget reached")
    expect(card).to_contain_text("The budget of this answer is used up. $0 of $0.10")
    wait_for_end(page, 1)
    page.reload()
    card.get_by_label("US dollars").fill("2")
    card.get_by_role("button", name="Continue with $2.00 more").click()
    expect(answer(page)).to_have_text("served: how high is the water?")
    expect(card).to_have_count(0)


def test_a_long_draft_says_its_tokens_and_price_before_it_is_sent(page: Page) -> None:
    box(page).fill("word " * 1_000)
    estimate = page.get_by_text("to read, at most")
    expect(estimate).to_contain_text("About 1,")
    expect(estimate).to_contain_text("$1.")
    box(page).fill("")


def test_the_settings_have_what_was_spent_as_chart_table_and_file(page: Page) -> None:
    page.keyboard.press("Control+Comma")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("tab", name="Costs").click()
    expect(dialog.get_by_role("img", name="Cost for each day")).to_be_visible()
    assert dialog.get_by_role("row").count() >= 4
    expect(dialog.get_by_role("row").last).to_contain_text("$3.25")
    dialog.get_by_label("By", exact=True).select_option("Model")
    expect(dialog.get_by_role("rowheader", name="p/m")).to_be_visible()
    dialog.get_by_label("By", exact=True).select_option("Conversation")
    expect(dialog.get_by_role("columnheader", name="Conversation")).to_be_visible()
    dialog.get_by_label("By", exact=True).select_option("Day")
    dialog.get_by_role("button", name="Export as CSV").click()
    path = Path(dialog.get_by_text("Saved to ").inner_text().removeprefix("Saved to "))
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert str(TODAY - timedelta(9)) in [row[0] for row in rows]
