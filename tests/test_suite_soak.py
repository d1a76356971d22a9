"""The check that runs the whole suite again and again, with a suite that is a few lines."""

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
print(f"FAILED test_{count}" if count == 2 else "passed")
raise SystemExit(count == 2)
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a `dev.py` whose second run in the same folder fails."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (tmp_path / "dev.py").write_text(SUITE, "utf-8")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True)
    return tmp_path


def test_it_ends_with_the_first_run_that_fails(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = runs(tree, 10)
    counts = {name: result.figures[name] for name in ("runs", "passed", "failed")}
    assert (result.ok, counts) == (False, {"runs": 10, "passed": 2, "failed": 1})
    log = Path(str(result.figures["log"]))
    assert log.read_text("utf-8").splitlines()[-1] == "FAILED test_2"
    assert capsys.readouterr().err.splitlines()[-1] == "FAILED test_2"


def test_its_first_run_is_in_a_clone_without_caches(tree: Path) -> None:
    result = runs(tree, 2)
    assert (result.ok, result.figures["passed"]) == (True, 2)
    first, second = (
        (Path(str(result.figures["log"])) / f"run-{number}.log").read_text("utf-8").split()
        for number in (1, 2)
    )
    assert first[1] != str(tree)
    assert not Path(first[3]).exists()
    assert second[1] == str(tree)
