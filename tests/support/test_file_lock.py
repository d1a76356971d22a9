"""Files that several processes change at the same time: no change is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from shell.errors import StorageUnavailable
from shell.providers.custom import read_added
from shell.support.file_lock import file_lock
from tests.host_process import ROOT

PROCESSES, EACH = 4, 10
ADD = """
import sys
from pathlib import Path
from shell.providers.custom import CustomProvider, add
folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.read(1)
for number in range(count):
    url = "http://127.0.0.1:1/v1"
    add(folder, CustomProvider(id=f"{name}-{number}", base_url=url), frozenset())
"""


def test_providers_that_are_added_at_the_same_time_are_all_there(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(tmp_path), f"p{number}", str(EACH)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        process.communicate(b"x")
        assert process.returncode == 0
    assert len(read_added(tmp_path)) == PROCESSES * EACH


def test_a_file_that_is_being_changed_for_too_long_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shell.support.file_lock.WAIT_S", 0.05)
    with (
        file_lock(tmp_path / "a.json"),
        pytest.raises(StorageUnavailable, match="another process"),
        file_lock(tmp_path / "a.json"),
    ):
        raise AssertionError("two at once")
