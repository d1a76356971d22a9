"""The bridge in another program: the window, methods and stream of the example."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from playwright.sync_api import Page, Playwright, expect

import tidewire_bridge
from shell.bridge.listener import listen
from shell.support.event_loop import event_loop_thread
from tests.chromium import headless, inside, new_page, windows
from tests.host_process import ROOT, HostProcess
from tests.window.endurance import OFFSCREEN
from tidewire_bridge import App, Caller, Menu, MenuItem, NoWindow, Windows

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


@pytest.mark.browser
def test_the_example_says_why_it_cannot_connect_or_call(playwright: Playwright) -> None:
    with headless(playwright) as browser:
        with HostProcess("examples.counter.app", "serve", "--no-open") as program:
            url = str(program.json_line()["url"])
            stranger = new_page(browser)
            stranger.goto(url.partition("#")[0])
            expect(stranger.locator("#numbers")).to_contain_text("This tab needs a link: ")
            own = new_page(browser)
            own.goto(url)
            own.click("#add")
            expect(own.locator("#sum")).to_have_text("5")
        own.click("#add")
        expect(own.locator("#sum")).to_have_text("The connection to the program was lost")


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
    def startup_error() -> str:
        with pytest.raises(SystemExit) as exit_info:
            App(tmp_path, {}, title="Nothing").main([shell, "--no-open"])
        assert exit_info.value.code == 1
        return capsys.readouterr().err

    monkeypatch.setattr("shell.bridge.desktop.display.display_problem", lambda: None)
    assert startup_error().startswith("There is no index.html in")
    (tmp_path / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr("shell.bridge.own_page.BRIDGE", (tmp_path / "nowhere", "bridge.js"))
    assert "bridge.js is not in" in startup_error()


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
    with listen(0) as occupied, pytest.raises(SystemExit):
        App(tmp_path, {}, title="Nothing").main(
            ["serve", "--no-open", "--port", str(occupied.getsockname()[1])]
        )
    stderr = capsys.readouterr().err
    assert "port" in stderr.lower()
    assert "Traceback" not in stderr


@pytest.mark.parametrize("arguments", [("serve", "--no-open", "--port"), ("--debug-port",)])
@pytest.mark.parametrize("port", ["80000", "-1"])
def test_a_port_that_there_is_not_is_a_sentence(
    arguments: tuple[str, ...],
    port: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("shell.bridge.desktop.display.display_problem", lambda: None)
    (tmp_path / "index.html").write_text("<!doctype html>")
    with pytest.raises(SystemExit):
        App(tmp_path, {}, title="Nothing").main([*arguments, port])
    assert capsys.readouterr().err == f"There is no port {port}. Choose one from 0 to 65535.\n"


def test_methods_that_no_page_could_call_are_told_without_a_traceback(tmp_path: Path) -> None:
    code = "from pathlib import Path; from tidewire_bridge import App\n"
    code += "class Notes:\n    def add(self, text): ...\n"
    code += "App(Path(), {'notes': Notes()}, title='Notes')"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    completed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert completed.returncode == 1
    assert completed.stderr == "notes.add: the first parameter must be named caller\n"


def test_what_is_no_menu_is_refused_at_once(tmp_path: Path) -> None:
    def rise(caller: Caller) -> None: ...

    with pytest.raises(TypeError, match=r"The menu 'Tide' has \('Rise', .* which is no MenuItem"):
        Menu("Tide", [("Rise", rise)])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="The action of the menu item 'Rise' is no function: 3"):
        MenuItem("Rise", 3)  # type: ignore[arg-type]
    item = MenuItem("Rise", rise)
    with pytest.raises(TypeError, match=r"`menus` has MenuItem.*, which is no Menu"):
        App(tmp_path, {}, title="Nothing", menus=[item])  # type: ignore[list-item]
    App(tmp_path, {}, title="Tide", menus=[Menu("Tide", [item, None, Menu("More", [item])])])


def test_a_window_that_cannot_be_built_leaves_no_thread_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("no window")

    failed: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    monkeypatch.setattr("webview.create_window", fail)
    monkeypatch.setattr("shell.bridge.desktop.windows._view", Mock)
    with event_loop_thread() as thread:
        desktop = Windows(thread.loop, Mock(), "http://127.0.0.1:1/", on_closed=Mock())
        with pytest.raises(RuntimeError, match="no window"):
            desktop.run()
    assert "signals" not in {each.name for each in threading.enumerate()}
    assert failed == []


def test_an_app_needs_names_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'llm'"):
        App(tmp_path, {"llm": object()}, title="Taken")
