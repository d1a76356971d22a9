"""The pytest fixtures for programs made with `App`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.host_process import ROOT

EXAMPLE = ROOT / "examples" / "counter" / "test_counter.py"
TESTING = "from tidewire_bridge.testing import Refused, StartHost"
BROKEN = """
import sys
from pathlib import Path
import pytest
from tidewire_bridge import App, Caller, ProgramError

class Sea:
    def refuse(self, caller: Caller) -> None:
        app.publish("level", {"metres": 2})
        raise ProgramError("NO_WATER", "There is no water")

folder = Path(__file__).parent
(folder / "index.html").write_text("<!doctype html>", "utf-8")
app = App(folder, {"sea": Sea()}, title="Sea")

def test_refused(tidewire_host):
    host = tidewire_host(app)
    with pytest.raises(Exception, match="no water") as refused:
        host.call("sea.refuse")
    assert refused.value.code == "NO_WATER"
    assert host.pushed == {"level": {"metres": 2}}

@pytest.fixture(scope="session")
def tidewire_command():
    return (sys.executable, "-c", "import sys; sys.exit('it fell into the water')")

def test_a_program_that_does_not_start(tidewire_page): ...
"""

FAILING = """
import sys
from pathlib import Path
import pytest
from tidewire_bridge import App, Caller

SCRIPT = '''
import { connect } from "/bridge.js";
const host = await connect();
document.title = await host.call("sea.sink").catch((error) => error.message);
'''

class Sea:
    def sink(self, caller: Caller) -> None:
        raise RuntimeError("the pump is broken")

folder = Path(__file__).parent
(folder / "index.html").write_text("<script type='module' src='sea.js'></script>", "utf-8")
(folder / "sea.js").write_text(SCRIPT, "utf-8")
app = App(folder, {"sea": Sea()}, title="Sea")

@pytest.fixture(scope="session")
def tidewire_command():
    return (sys.executable, __file__)

@pytest.fixture
def tidewire_shell():
    return "browser"

def test_it_sinks(tidewire_page):
    tidewire_page.wait_for_function("() => document.title")
    assert tidewire_page.title() == "Sunk"

if __name__ == "__main__":
    app.main()
"""


def run_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tidewire_bridge.pytest_plugin"]
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.window
def test_the_tests_of_the_example_pass_in_both_shells() -> None:
    completed = run_pytest(str(EXAMPLE))
    assert completed.returncode == 0, completed.stdout
    assert "5 passed" in completed.stdout
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= 50


def test_the_example_of_the_document_is_a_part_of_these_tests() -> None:
    document = (ROOT / "docs" / "testing.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    (document_imports, *document_tests), (example_imports, *example_tests) = (
        re.split(r"\n\n\n", text.strip()) for text in (code, EXAMPLE.read_text("utf-8"))
    )
    assert {*document_imports.splitlines()} <= {*example_imports.splitlines(), TESTING}
    assert [
        test
        for test in document_tests
        if not any(example_test.startswith(test) for example_test in example_tests)
    ] == []


def test_a_program_that_does_not_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "test_sea.py").write_text(BROKEN, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]", "utf-8")
    completed = run_pytest("-c", str(tmp_path / "pytest.ini"), str(tmp_path))
    assert "it fell into the water" in completed.stdout
    assert "1 passed, 2 errors" in completed.stdout


@pytest.mark.browser
def test_a_failed_test_of_a_page_ends_with_the_programs_last_words(tmp_path: Path) -> None:
    (tmp_path / "test_sink.py").write_text(FAILING, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]", "utf-8")
    completed = run_pytest("-c", str(tmp_path / "pytest.ini"), str(tmp_path))
    assert "1 failed" in completed.stdout, completed.stdout
    assert "Its log has the details" in completed.stdout
    assert "The program's last words" in completed.stdout
    assert "RuntimeError: the pump is broken" in completed.stdout


def test_the_plugin_loads_nothing_until_a_fixture_is_used() -> None:
    code = "import sys, pytest; before = {*sys.modules}; import tidewire_bridge.pytest_plugin; "
    code += "print(*{name.partition('.')[0] for name in {*sys.modules} - before})"
    completed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert {"shell", "tidewire_bridge"} == {*completed.stdout.split()} - sys.stdlib_module_names
