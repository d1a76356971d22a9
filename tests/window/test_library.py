"""The bridge under somebody else's program: the example's window, methods and stream."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

import tidewire_bridge
from shell.bridge.page import PageMissing
from tests.chromium import inside, windows
from tests.host_process import ROOT, HostProcess
from tests.window.endurance import OFFSCREEN
from tidewire_bridge import App

NUMBERS = "".join(f"{number} " for number in range(1, 201))
EXAMPLE = ROOT / "examples" / "counter" / "app.py"


@pytest.fixture(scope="module")
def page(playwright: Playwright) -> Iterator[Page]:
    with (
        HostProcess("tests.window.example", env=OFFSCREEN) as program,
        inside(playwright, str(program.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        yield page


@pytest.mark.window
def test_a_method_takes_and_gives_what_its_types_say(page: Page) -> None:
    page.click("#add")
    expect(page.locator("#sum")).to_have_text("5")


@pytest.mark.window
def test_a_stream_is_followed_over_a_reload(page: Page) -> None:
    page.click("#count")
    expect(page.locator("#numbers")).to_contain_text("50 ")
    page.reload()
    # The fixture's page is on its 200th number after two seconds.
    expect(page.locator("#numbers")).to_have_text(NUMBERS.strip(), timeout=20_000)


@pytest.mark.window
def test_a_stream_ends_when_it_is_stopped(page: Page) -> None:
    page.click("#count")
    expect(page.locator("#numbers")).to_contain_text("20 ")
    page.click("#stop")
    expect(page).to_have_title("Stopped")
    assert len(page.inner_text("#numbers")) < len(NUMBERS)


def test_the_example_is_short() -> None:
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= 40


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, shell; print([name for name in sys.modules if name.startswith('shell')])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert loaded.strip() == "['shell']"


def test_every_public_name_is_there() -> None:
    for name in tidewire_bridge.__all__:
        assert getattr(tidewire_bridge, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tidewire_bridge.nothing  # noqa: B018


def test_a_bridge_that_was_not_built_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr("shell.bridge.own_page.BRIDGE", (tmp_path / "nowhere", "bridge.js"))
    with pytest.raises(PageMissing, match=r"bridge\.js is not in"):
        App(tmp_path, {}, title="Nothing")


def test_an_app_needs_a_page_and_names_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(PageMissing):
        App(tmp_path, {}, title="Nothing")
    (tmp_path / "index.html").write_text("<!doctype html>")
    with pytest.raises(ValueError, match="'llm'"):
        App(tmp_path, {"llm": object()}, title="Taken")
