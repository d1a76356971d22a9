"""Prompt templates: the slash menu opens the form, and what it makes is seen before it is sent."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.app import App, Kind, answer, box, running, wait_for_end
from tests.e2e.axe import grave

REVIEW = """---
name: Review
description: Reviews a piece of code
inputs:
  code: {type: text, title: Code, required: true}
---
{% system %}You review {{ language }}.{% endsystem %}
Review this:
{{ code }}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, kind: Kind) -> Path:
    data = tmp_path_factory.mktemp(f"templates-{kind}")
    (data / "templates").mkdir()
    (data / "templates" / "review.md").write_text(REVIEW, "utf-8")
    return data


@pytest.fixture(scope="module")
def app(kind: Kind, playwright: Playwright, data: Path) -> Iterator[App]:
    with running(kind, playwright, data) as started:
        yield started


def test_a_template_is_filled_in_shown_and_sent_by_the_keyboard(app: App, data: Path) -> None:
    page = app.page()
    box(page).press_sequentially("/rev")
    expect(page.get_by_role("option", name="/review")).to_be_visible()
    box(page).press("ArrowDown")
    box(page).press("Enter")
    form = page.get_by_role("dialog", name="Review")
    expect(form.get_by_label("Code")).to_be_visible()
    assert grave(page) == []
    form.get_by_label("language").fill("Go")
    form.get_by_label("Code").fill("x ``` y")
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_role("region", name="Instructions for this chat")).to_contain_text(
        "You review Go."
    )
    # What was pasted cannot end its fence.
    expect(form.get_by_role("region", name="Message")).to_contain_text("````\nx ``` y\n````")
    assert grave(page) == []
    expect(page.locator(".message")).to_have_count(0)
    form.get_by_role("button", name="Send").click()
    wait_for_end(page)
    expect(answer(page)).to_contain_text("Review this")
    with sqlite3.connect(data / "conversations.db") as connection:
        [(stored,)] = connection.execute("SELECT entry FROM templates").fetchall()
        prompts = connection.execute("SELECT system_prompt FROM conversations").fetchall()
    assert prompts == [("You review Go.",)]
    template = json.loads(stored)
    assert template["name"] == "review"
    assert template["values"] == {"language": "Go", "code": "x ``` y"}
