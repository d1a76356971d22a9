"""Related tests run in one process when several processes run the tests."""

import re
import subprocess
import sys

from tests.host_process import ROOT

FILES = ("tests/engine/test_form_values.py", "tests/test_embed.py", "tests/support")
RAN = re.compile(r"^\[(gw\d)\] .*(PASSED|SKIPPED) (tests/\S+?)::", re.MULTILINE)


def test_the_tests_of_a_file_run_in_one_process() -> None:
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope", "-v", *FILES]
    completed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stdout
    workers: dict[str, set[str]] = {}
    for worker, _, file in RAN.findall(completed.stdout):
        workers.setdefault(file, set()).add(worker)
    assert len(workers) > len(FILES)
    assert {file: each for file, each in workers.items() if len(each) > 1} == {}
    assert set().union(*workers.values()) == {"gw0", "gw1"}
