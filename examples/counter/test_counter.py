"""The tests of the counter, by the fixtures that Tidewire brings: an example of docs/testing.md."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from examples.counter.app import app
from tidewire_bridge import App
from tidewire_bridge.testing import EchoProvider, Refused, StartHost


@pytest.fixture(scope="session")
def tidewire_command() -> Sequence[str]:
    return (sys.executable, "-m", "examples.counter.app")


def test_it_adds(tidewire_host: StartHost) -> None:
    host = tidewire_host(app)
    assert host.call("counter.add", {"left": 2, "right": 3}) == 5
    with pytest.raises(Refused, match="left"):
        host.call("counter.add", {"left": "two", "right": 3})


def test_it_counts_in_a_stream(tidewire_host: StartHost) -> None:
    host = tidewire_host(app)
    assert host.text(host.call("counter.count", 3)) == "1 2 3 "


def test_a_scripted_model_answers(
    tidewire_host: StartHost, scripted_provider: EchoProvider, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    host = tidewire_host(App(tmp_path, {}, title="Asking", providers=[scripted_provider]))
    asked = {"providerId": "echo", "messages": [{"role": "user", "content": "/text high water"}]}
    assert host.text(host.call("llm.inference", asked)) == "high water"


def test_the_page_adds_and_stops(tidewire_page: Page) -> None:
    tidewire_page.click("#add")
    expect(tidewire_page.locator("#sum")).to_have_text("5")
    tidewire_page.click("#count")
    expect(tidewire_page.locator("#numbers")).to_contain_text("20 ")
    tidewire_page.click("#stop")
    expect(tidewire_page).to_have_title("Stopped")
