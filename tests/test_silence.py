"""The program opens no connection to another machine before the user asks a remote provider.

That includes telemetry and update checks. `python3 dev.py soak packages.silence` checks the same
for the web view and for all code that is not Python.
"""

import os
import re
import urllib.request
from pathlib import Path

import pytest

from tests.command import ROOT, run, started

WATCH = """
import os, sys

PLACE = {"connect": 1, "sendto": 1, "getaddrinfo": 0, "gethostbyname": 0}

def note(event, arguments):
    module, _, name = event.partition(".")
    if module == "socket" and name in PLACE:
        address = arguments[PLACE[name]]
        if isinstance(address, bytes):
            address = address.decode()
        with open(os.environ["WATCHED"], "a", encoding="utf-8") as file:
            print(name, address, file=file)

sys.addaudithook(note)
"""
HERE = re.compile(r"\w+ (\('(127\.0\.0\.1|::1)', .*|127\.0\.0\.1|localhost|::1|[/\0].*)")
"""A loopback address, or the path of a socket."""


ASK = ("ask", "hello", "--max-tokens", "8")


class Watch:
    """Records the addresses that Python processes with its environment look up or connect to."""

    def __init__(self, folder: Path) -> None:
        (folder / "sitecustomize.py").write_text(WATCH, "utf-8")
        self._log = folder / "watched"
        self.environment = {
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
            "WATCHED": str(self._log),
        }

    def connections(self) -> list[str]:
        """All connections and look-ups so far, one line each."""
        return self._log.read_text("utf-8").splitlines() if self._log.exists() else []

    def remote_connections(self) -> list[str]:
        """Those that are not to this machine."""
        return [line for line in self.connections() if not HERE.fullmatch(line)]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    (tmp_path / "watch").mkdir()
    return Watch(tmp_path / "watch")


@pytest.mark.model
def test_a_local_answer_reaches_nobody(watch: Watch, tmp_path: Path) -> None:
    common = ("--data-dir", str(tmp_path / "data"))
    result = run(*ASK, *common, **watch.environment, TIDEWIRE_MODEL_FILE=None)
    assert result.status == 0, result.err
    assert watch.connections(), "the watch saw not even the model's own process"
    assert watch.remote_connections() == []


def test_serving_the_page_reaches_nobody(watch: Watch, tmp_path: Path) -> None:
    arguments = ("serve", "--no-open", "--data-dir", str(tmp_path / "data"))
    with started(*arguments, **watch.environment) as program:
        with urllib.request.urlopen(str(program.line()["url"])) as page:  # noqa: S310
            assert b"/assets/index-" in page.read()
        result, _ = program.stop()
    assert result.status == 0
    assert watch.remote_connections() == []


def test_the_doctor_and_the_version_reach_nobody(watch: Watch, tmp_path: Path) -> None:
    for arguments in (("doctor", "--data-dir", str(tmp_path / "data")), ("--version",)):
        run(*arguments, OPENAI_API_KEY="sk-nobody", **watch.environment)
    assert watch.remote_connections() == []


def test_who_asks_somebody_elsewhere_is_seen(watch: Watch, tmp_path: Path) -> None:
    """Checks that the watch works at all."""
    remote = {"OPENAI_BASE_URL": "https://tidewire.invalid/v1", "OPENAI_API_KEY": "sk-nobody"}
    common = ("--data-dir", str(tmp_path / "data"), "--timeout-ms", "60000")
    run("ask", "hello", "--provider", "openai", *common, **watch.environment, **remote)
    assert any("tidewire.invalid" in line for line in watch.remote_connections())
