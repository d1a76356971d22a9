"""The bridge under somebody else's program: the example's window, methods and stream."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

import tidewire_bridge
from shell.bridge.listener import listen
from tests.chromium import inside, windows
from tests.host_process import ROOT, HostProcess
from tests.window.endurance import OFFSCREEN
from tidewire_bridge import App, NoWindow

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


@pytest.mark.parametrize("shell", ["window", "serve"])
def test_what_stands_in_the_way_is_a_sentence(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> str:
        with pytest.raises(SystemExit) as ended:
            App(tmp_path, {}, title="Nothing").main([shell, "--no-open"])
        assert ended.value.code == 1
        return capsys.readouterr().err

    monkeypatch.setattr("shell.bridge.desktop.display.display_problem", lambda: None)
    assert told().startswith("There is no index.html in")
    (tmp_path / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr("shell.bridge.own_page.BRIDGE", (tmp_path / "nowhere", "bridge.js"))
    assert "bridge.js is not in" in told()


def test_a_program_without_a_display_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shell.bridge.desktop.display.display_problem", lambda: "No display.")
    app = App(tmp_path, {}, title="Nothing")
    with pytest.raises(NoWindow, match="No display"):
        app.run()
    with pytest.raises(SystemExit):
        app.main([])
    assert capsys.readouterr().err == "No display. With `serve`, the page opens in the browser\n"


def test_a_taken_port_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    with listen(0) as taken, pytest.raises(SystemExit):
        App(tmp_path, {}, title="Nothing").main(
            ["serve", "--no-open", "--port", str(taken.getsockname()[1])]
        )
    told = capsys.readouterr().err
    assert "port" in told.lower()
    assert "Traceback" not in told


def test_an_app_needs_names_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'llm'"):
        App(tmp_path, {"llm": object()}, title="Taken")
