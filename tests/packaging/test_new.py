"""`tidewire new`: its program compiles, passes its own tests and reloads after edits."""

import contextlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from devtools.npm_package import package
from devtools.setup import Setup
from shell.errors import ValidationFailed
from tests.chromium import driver, headless, inside, new_page, windows
from tests.command import ROOT
from tests.edits import save
from tests.host_process import HostProcess
from tests.window.endurance import OFFSCREEN
from tidewire_bridge.program.new import TEMPLATE, create, next_steps
from tidewire_bridge.program.qt_parts import is_needed

MOST_LINES = 150


@pytest.fixture(scope="module")
def program(setup: Setup) -> Iterator[Path]:
    """A new program with the packages of this tree and the packed npm package."""
    parent = ROOT / ".bench"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="new-", dir=parent) as name:
        packed = package(setup, *setup.node(), Path(name))
        folder = create(Path(name), "demo", packed)
        modules = folder / "page" / "node_modules"
        modules.mkdir()
        for path in (ROOT / "node_modules").glob("[!.]*"):
            (modules / path.name).symlink_to(path)
        with tarfile.open(packed) as archive:
            archive.extractall(modules, filter="data")
        (modules / "package").rename(modules / "tidewire")
        yield folder


def run(folder: Path, *arguments: str, python: Path | None = None) -> int:
    """Run Python in a program's folder: that of this tree, or another."""
    command = [str(python or sys.executable), *arguments]
    env = {**os.environ, "PYTHONPATH": "" if python else str(ROOT)}
    return subprocess.run(command, cwd=folder, env=env, check=False).returncode


def type_errors(setup: Setup, program: Path) -> str:
    """TypeScript's errors about the page."""
    node, _ = setup.node()
    command = [node, setup.script("typescript/bin/tsc")]
    page = program / "page"
    done = subprocess.run(command, cwd=page, capture_output=True, encoding="utf-8", check=False)
    return done.stdout


def test_the_template_is_short() -> None:
    code = {".html", ".json", ".py", ".ts", ".tsx"}
    files = [path for path in TEMPLATE.rglob("*") if path.suffix in code]
    assert len(files) == 9
    assert sum(len(path.read_text("utf-8").splitlines()) for path in files) < MOST_LINES


def test_a_new_program_has_its_types_and_what_a_repository_needs(program: Path) -> None:
    contract = (program / "page" / "src" / "contract.ts").read_text("utf-8")
    assert "readings: (count: number) => call<StreamId<Reading>>" in contract
    assert run(program, "-m", "tidewire_bridge", "types") == 0
    assert (program / "page" / "src" / "contract.ts").read_text("utf-8") == contract
    assert (program / "README.md").read_text("utf-8").startswith("# demo\n")
    assert '<link rel="icon" ' in (program / "page" / "index.html").read_text("utf-8")
    assert '"node": ' in (program / "page" / "package.json").read_text("utf-8")
    subprocess.run(["git", "init", "-q"], cwd=program, check=True)
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    done = subprocess.run(command, cwd=program, capture_output=True, encoding="utf-8", check=True)
    assert {line.split()[-1] for line in done.stdout.splitlines()} == {
        *(".gitignore", "README.md", "app.py", "test_app.py"),
        *(f"page/{name}" for name in ("index.html", "package.json", "tsconfig.json")),
        *("page/tidewire-0.1.0.tgz", "page/vite.config.ts"),
        *(f"page/src/{name}" for name in ("App.tsx", "contract.ts", "fake.ts", "main.tsx")),
    }


def test_its_types_and_its_fake_compile_only_when_complete(setup: Setup, program: Path) -> None:
    assert type_errors(setup, program) == ""
    fake = program / "page" / "src" / "fake.ts"
    text = fake.read_text("utf-8")
    fake.write_text(text.replace("async *readings", "async *reading"), "utf-8")
    assert "'reading' does not exist in type" in type_errors(setup, program)
    fake.write_text(text, "utf-8")
    app = program / "page" / "src" / "App.tsx"
    text = app.read_text("utf-8")
    app.write_text(text.replace("({ metres }) => metres", "({ feet }) => feet"), "utf-8")
    assert "Property 'feet' does not exist on type 'Reading'" in type_errors(setup, program)
    app.write_text(text, "utf-8")


def test_a_build_writes_the_types_first(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    types = program / "page" / "src" / "contract.ts"
    text = types.read_text("utf-8")
    types.unlink()
    monkeypatch.setenv("PATH", "")  # there is no npm, so nothing else happens
    assert run(program, "-m", "tidewire_bridge", "build") == 1
    assert types.read_text("utf-8") == text


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("PySide6/Qt/lib/libQt6WebEngineCore.so.6", True),
        ("PySide6/Qt/lib/libQt6Charts.so.6", False),
        ("libQt6Core.so.6", False),
        ("PySide6\\QtWidgets.abi3.so", True),
        ("PySide6/QtDataVisualization.abi3.so", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqeglfs.so", False),
        ("PySide6/Qt/qml/QtQuick/qmldir", False),
        ("PySide6/Qt/translations/qtwebengine_locales/de.pak", True),
        ("PySide6/Qt/translations/qtwebengine_locales/fr.pak", False),
        ("libgtk-3.so.0", True),
        ("page/dist/index.html", True),
    ],
)
def test_a_built_program_has_of_qt_what_a_web_view_uses(path: str, needed: bool) -> None:
    assert is_needed(path) is needed


def test_with_the_bridge_alone_it_passes_mypy_and_its_own_tests_in_both_shells(
    setup: Setup, program: Path, bridge_python: Path
) -> None:
    assert run(program, "-m", "tidewire_bridge", "types", python=bridge_python) == 0
    strict = ("mypy", "--strict", "--python-executable", str(bridge_python))
    assert run(program, "-m", *strict, "app.py", "test_app.py") == 0
    node, _ = setup.node()
    page = program / "page"
    vite = [node, setup.script("vite/bin/vite.js"), "build", "--logLevel", "warn"]
    assert subprocess.run(vite, cwd=page, check=False).returncode == 0
    (program / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", "utf-8")
    assert run(program, "-m", "pytest", "-q", "-c", "pytest.ini", python=bridge_python) == 0


@pytest.mark.browser
def test_edits_reach_the_tab_with_its_state(program: Path) -> None:
    with developing(program) as host, driver() as playwright, headless(playwright) as browser:
        page = new_page(browser)
        url = str(host.json_line()["url"])
        page.goto(url)
        page.get_by_role("button", name="Measure").click()
        status = page.get_by_role("status")
        expect(status).to_have_text("5 readings, mean 1.2 m")

        app = program / "page" / "src" / "App.tsx"
        save(app, app.read_text("utf-8").replace(" readings, mean", " heights, mean"))
        expect(status).to_have_text("5 heights, mean 1.2 m")

        module = program / "app.py"
        text = module.read_text("utf-8").replace("1 + minute / 10", "2 + minute / 10")
        save(module, text.replace("metres: float", "metres: float\n    calm: bool = True"))
        host.json_line()
        page.get_by_role("button", name="Measure").click()
        expect(status).to_have_text("5 heights, mean 2.2 m")
        contract = (program / "page" / "src" / "contract.ts").read_text("utf-8")
        assert "calm: boolean;" in contract
        assert host.count("ws proxy") == host.count("ECONNREFUSED") == 0

        text = module.read_text("utf-8")
        save(module, f"{text}\nx = nowhere\n")
        host.wait_for("NameError: name 'nowhere' is not defined")
        # No program has started with it, and one more edit starts the next.
        save(module, text)
        host.json_line()
        assert host.count("NameError") == host.count("Traceback") == 1
        assert host.count("importlib") == host.count("runpy") == 0

        page.goto(f"{url.partition('#')[0]}?bridge=fake")
        page.get_by_role("button", name="Measure").click()
        expect(status).to_have_text("5 heights, mean 1.2 m")


@pytest.mark.browser
def test_the_page_says_why_it_cannot_connect_or_call(program: Path) -> None:
    with driver() as playwright, headless(playwright) as browser:
        with developing(program) as host:
            url = str(host.json_line()["url"])
            stranger = new_page(browser)
            stranger.goto(url.partition("#")[0])
            expect(stranger.get_by_role("alert")).to_contain_text("This tab needs a link: ")
            page = new_page(browser)
            page.goto(url)
            expect(page.get_by_role("button", name="Measure")).to_be_visible()
        page.get_by_role("button", name="Measure").click()
        expect(page.get_by_role("alert")).to_contain_text("The connection to the program was lost")


@pytest.mark.window
def test_an_edit_reaches_the_window_with_its_state(program: Path) -> None:
    with (
        developing(program, "--window") as host,
        driver() as playwright,
        inside(playwright, str(host.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        page.get_by_role("button", name="Measure").click()
        status = page.get_by_role("status")
        expect(status).to_contain_text("5 ")
        expect(status).not_to_contain_text("mean 0.0")
        height = status.inner_text().partition(" mean ")[2]
        app = program / "page" / "src" / "App.tsx"
        save(app, app.read_text("utf-8").replace(", mean ", ", average "))
        expect(status).to_contain_text(f"average {height}")


@contextlib.contextmanager
def developing(program: Path, *arguments: str) -> Iterator[HostProcess]:
    env = {**OFFSCREEN, "PYTHONPATH": str(ROOT)}
    host = HostProcess("tidewire_bridge", "dev", *arguments, env=env, cwd=program)
    host.expected = 130
    with host:
        yield host


def test_the_command_says_what_to_type_next(tmp_path: Path) -> None:
    def new() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "shell", "new", "tides"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    done = new()
    assert done.returncode == 0, done.stderr
    assert "is not published yet" in done.stdout
    assert f"{tmp_path / 'tides'} is there" in done.stdout
    assert "{{" not in (tmp_path / "tides" / "app.py").read_text("utf-8")
    second = new()
    assert second.returncode == 2
    assert "is there already" in second.stderr


@pytest.mark.parametrize("name", ["", "Demo", "a b", "../up", "1st", "x" * 65])
def test_a_name_that_does_not_fit_makes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationFailed, match="A name is made of"):
        create(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_the_bridges_own_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationFailed, match="`shell` is the name of a package"):
        create(tmp_path, "shell")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    with pytest.raises(ValidationFailed, match="is there already"):
        create(tmp_path, "demo")
    assert list((tmp_path / "demo").iterdir()) == []


def test_the_packed_npm_package_moves_with_the_program(tmp_path: Path) -> None:
    packed = tmp_path / "tidewire-0.1.0.tgz"
    packed.write_bytes(b"packed")
    folder = create(tmp_path, "demo", packed)
    assert '"tidewire": "file:tidewire-0.1.0.tgz"' in (folder / "page/package.json").read_text()
    assert (folder / "page" / packed.name).read_bytes() == b"packed"
    assert "not published" not in next_steps(folder, packed)


def test_a_file_that_is_no_npm_package_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "tidewire_bridge-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    with pytest.raises(ValidationFailed, match="is no packed npm package"):
        create(tmp_path, "demo", wheel)
    assert list(tmp_path.iterdir()) == [wheel]
