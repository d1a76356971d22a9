"""The desktop opens links, and the process that opens them leaves nothing behind."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from shell.support import open_url
from shell.support.open_url import open_link, open_path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows opens links without a process")
def test_the_program_that_opens_a_link_gets_no_key_and_is_reaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / ("open" if sys.platform == "darwin" else "xdg-open")
    part, arguments_file = tmp_path / "part", tmp_path / "arguments"
    opener.write_text(
        f'#!/bin/sh\necho "$$ $1 $OPENAI_API_KEY" > "{part}"\nmv "{part}" "{arguments_file}"\n',
        "utf-8",
    )
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    assert open_link("https://example.com/")
    deadline = time.monotonic() + 20
    while not arguments_file.exists():
        assert time.monotonic() < deadline
    number, url = arguments_file.read_text("utf-8").split()  # and no key
    assert url == "https://example.com/"
    while is_there(int(number)):
        assert time.monotonic() < deadline, "a zombie"


def is_there(number: int) -> bool:
    """Whether a process exists, if only as a zombie."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="Windows opens files without a process")
@pytest.mark.parametrize("name", ["tools", "my_tool.py"])
def test_a_folder_and_a_python_file_are_shown_and_never_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    opener = tmp_path / ("open" if sys.platform == "darwin" else "xdg-open")
    part, arguments_file, ran = tmp_path / "part", tmp_path / "arguments", tmp_path / "ran"
    opener.write_text(f'#!/bin/sh\necho "$@" > "{part}"\nmv "{part}" "{arguments_file}"\n', "utf-8")
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":1")
    path = tmp_path / name
    if path.suffix:
        path.write_text(f"#!/bin/sh\ntouch '{ran}'\n", "utf-8")
        path.chmod(0o755)
    else:
        path.mkdir()
    assert open_path(path)
    deadline = time.monotonic() + 20
    while not arguments_file.exists():
        assert time.monotonic() < deadline
    as_text = ["-t"] if sys.platform == "darwin" and path.suffix else []
    assert arguments_file.read_text("utf-8").split() == [*as_text, str(path)]
    assert not ran.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows opens links without a process")
def test_a_program_that_does_not_start_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / ("open" if sys.platform == "darwin" else "xdg-open")
    opener.write_text("#!/nowhere/sh\n", "utf-8")
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":1")
    assert not open_link("https://example.com/")


def test_windows_without_a_program_for_links_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str) -> None:
        raise OSError(1155, "No application is associated with the file")

    monkeypatch.setattr(open_url, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(os, "startfile", fail, raising=False)
    assert not open_link("https://example.com/")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "javascript:alert(1)", "--version", "", "http://[::1"]
)
def test_nothing_but_web_and_mail_addresses_is_opened(url: str) -> None:
    assert not open_link(url)
