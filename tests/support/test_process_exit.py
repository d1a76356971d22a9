"""The end of a process with threads that are still running."""

import subprocess
import sys

import pytest

LEFT = """
import atexit, sys, threading, time
from shell.support.process_exit import ProcessExit

class Cleanup:
    def __del__(self):
        print("cleared up")

process_exit, cleanup = ProcessExit(), Cleanup()
atexit.register(print, "registered later")
threading.Thread(target=lambda: (time.sleep(0.2), print("waited for"))).start()
if DAEMON:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
sys.stdout.write("first\\n")
sys.exit(process_exit.set_status(7))
"""
WORDS = ["first", "waited for", "registered later"]


@pytest.mark.parametrize("daemon", [True, False])
def test_a_daemon_thread_is_not_cleared_up_behind_its_back(daemon: bool) -> None:
    code = LEFT.replace("DAEMON", str(daemon))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout.splitlines() == WORDS + ["cleared up"] * (not daemon)


def test_an_error_is_not_hidden() -> None:
    code = LEFT.replace("DAEMON", "True").replace("process_exit.set_status(7)", "1 / 0")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_the_command_line_ends_so() -> None:
    """The keychain's thread may be in the middle of an import, in a library of Rust."""
    code = (
        "import sys, threading, time\n"
        "from shell.cli import program\n"
        "class Cleanup:\n"
        "    def __del__(self): print('cleared up')\n"
        "cleanup = Cleanup()\n"
        "def run(given):\n"
        "    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n"
        "    print('done')\n"
        "    return 3\n"
        "program._run = run\n"
        "sys.argv[1:] = ['doctor']\n"
        "sys.exit(program.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "done\n", "")
