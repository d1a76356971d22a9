"""Nothing leaves the machine before somebody elsewhere is asked: no word home, no look for news.

Of the web view, and of what is not Python, `python3 dev.py soak packages.silence` says the same.
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

def note(event, told):
    module, _, name = event.partition(".")
    if module == "socket" and name in PLACE:
        whom = told[PLACE[name]]
        if isinstance(whom, bytes):
            whom = whom.decode()
        with open(os.environ["WATCHED"], "a", encoding="utf-8") as file:
            print(name, whom, file=file)

sys.addaudithook(note)
"""
HERE = re.compile(r"\w+ (\('(127\.0\.0\.1|::1)', .*|127\.0\.0\.1|localhost|::1|[/\0].*)")
"""A loopback address, or the path of a socket."""


ASK = ("ask", "hello", "--max-tokens", "8")


class Watch:
    """Writes down whom every Python process that is started with it looks up or connects to."""

    def __init__(self, folder: Path) -> None:
        (folder / "sitecustomize.py").write_text(WATCH, "utf-8")
        self._log = folder / "watched"
        self.environment = {
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
            "WATCHED": str(self._log),
        }

    def noted(self) -> list[str]:
        """Everything so far."""
        return self._log.read_text("utf-8").splitlines() if self._log.exists() else []

    def elsewhere(self) -> list[str]:
        """What is not this machine."""
        return [line for line in self.noted() if not HERE.fullmatch(line)]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    (tmp_path / "watch").mkdir()
    return Watch(tmp_path / "watch")


@pytest.mark.model
def test_a_local_answer_reaches_nobody(watch: Watch, tmp_path: Path) -> None:
    common = ("--data-dir", str(tmp_path / "data"))
    result = run(*ASK, *common, **watch.environment, TIDEWIRE_MODEL_FILE=None)
    assert result.status == 0, result.err
    assert watch.noted(), "the watch saw not even the model's own process"
    assert watch.elsewhere() == []


def test_serving_the_page_reaches_nobody(watch: Watch, tmp_path: Path) -> None:
    arguments = ("serve", "--no-open", "--data-dir", str(tmp_path / "data"))
    with started(*arguments, **watch.environment) as program:
        with urllib.request.urlopen(str(program.line()["url"])) as page:  # noqa: S310
            assert b"/assets/index-" in page.read()
        result, _ = program.stop()
    assert result.status == 0
    assert watch.elsewhere() == []


def test_the_doctor_and_the_version_reach_nobody(watch: Watch, tmp_path: Path) -> None:
    for arguments in (("doctor", "--data-dir", str(tmp_path / "data")), ("--version",)):
        run(*arguments, OPENAI_API_KEY="sk-nobody", **watch.environment)
    assert watch.elsewhere() == []


def test_who_asks_somebody_elsewhere_is_seen(watch: Watch, tmp_path: Path) -> None:
    """Or the watch would be blind."""
    elsewhere = {"OPENAI_BASE_URL": "https://tidewire.invalid/v1", "OPENAI_API_KEY": "sk-nobody"}
    common = ("--data-dir", str(tmp_path / "data"), "--timeout-ms", "1000")
    run("ask", "hello", "--provider", "openai", *common, **watch.environment, **elsewhere)
    assert any("tidewire.invalid" in line for line in watch.elsewhere())
