"""The check that runs the whole suite repeatedly, here with a suite of a few lines."""

import subprocess
from pathlib import Path

import pytest

from tests.soak.suite import runs

SUITE = """
import os, pathlib
known = pathlib.Path("count")
count = int(known.read_text()) + 1 if known.exists() else 1
known.write_text(str(count))
print("in", os.getcwd(), "caches", os.environ.get("PIP_CACHE_DIR"))
print("folder", oct(os.stat("../..").st_mode & 0o777))
print(f"FAILED test_{count}" if count == 2 else "passed")
raise SystemExit(count == 2)
"""


TOGETHER = """
import os, pathlib, time
begun = pathlib.Path(os.environ["BEGUN"])
(begun / str(os.getpid())).touch()
while len(list(begun.iterdir())) < 2:
    time.sleep(0.01)
"""


def commit(tree: Path, suite: str) -> None:
    (tree / "dev.py").write_text(suite, "utf-8")
    author = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "a suite"]):
        subprocess.run(["git", *author, *arguments], cwd=tree, check=True)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a `dev.py` whose second run in the same folder fails."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    commit(tmp_path, SUITE)
    return tmp_path


def test_it_ends_with_the_first_run_that_fails(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = runs(tree, 10, 1)
    counts = {name: result.figures[name] for name in ("runs", "passed", "failed")}
    assert (result.ok, counts) == (False, {"runs": 10, "passed": 1, "failed": 1})
    log = Path(str(result.figures["log"]))
    assert log.read_text("utf-8").splitlines()[-1] == "FAILED test_2"
    assert capsys.readouterr().err.splitlines()[-1] == "FAILED test_2"


def test_its_first_run_is_in_a_new_clone_without_caches(tree: Path) -> None:
    result = runs(tree, 2, 1)
    logs = Path(str(result.figures["log"])).parent
    first, second = ((logs / f"run-{number}.log").read_text("utf-8").split() for number in (1, 2))
    assert first[1] != str(tree)
    assert second[1] == first[1]
    assert not Path(first[3]).exists()
    assert second[3] != first[3]
    assert first[5] == "0o755", "other users can read it"


def test_runs_go_on_side_by_side(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_folder = tmp_path / "begun"
    started_folder.mkdir()
    monkeypatch.setenv("BEGUN", str(started_folder))
    commit(tree, TOGETHER)
    result = runs(tree, 2, 2)
    assert (result.ok, result.figures["passed"]) == (True, 2)
