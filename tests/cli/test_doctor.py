"""`tidewire doctor`: its findings about this machine, without any key."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, Result, run

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"
WEIGHTS = next((ROOT / ".models").glob("*.gguf"), Path("no-weights"))


def findings(result: Result) -> dict[str, dict[str, object]]:
    return {str(line["name"]): line for line in result.lines}


def test_it_says_what_works(tmp_path: Path) -> None:
    result = run("doctor", "--json", "--data-dir", str(tmp_path), OPENAI_API_KEY=KEY)
    by_name = findings(result)
    assert set(by_name) >= {
        "program",
        "data directory",
        "page",
        "display",
        "web view",
        "model file",
        "keyring",
        "local",
        "openai",
        "google",
        "echo",
    }
    assert " (checkout), Python 3." in str(by_name["program"]["text"])
    assert by_name["data directory"]["ok"] is True
    assert by_name["openai"]["ok"] is True
    assert str(by_name["openai"]["text"]).startswith("has a key (environment), for api.openai.com;")
    assert KEY not in result.out + result.err
    assert result.err == ""


def test_it_says_what_a_person_should_do(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", "utf-8")
    result = run(
        "doctor",
        "--data-dir",
        str(file / "below"),
        OPENAI_API_KEY=None,
        TIDEWIRE_MODEL_FILE=str(tmp_path / "no.gguf"),
    )
    assert result.status == 1
    lines = {line[4:20].strip(): line for line in result.out.splitlines()}
    assert lines["data directory"].startswith("NO  ")
    assert "--data-dir" in lines["data directory"]
    assert lines["model file"].startswith("--  ")
    assert "TIDEWIRE_MODEL_FILE" in lines["model file"]
    assert lines["openai"].startswith("--  ")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_it_says_why_no_window_can_open(tmp_path: Path) -> None:
    dead = {"WAYLAND_DISPLAY": None, "XDG_SESSION_TYPE": None, "QT_QPA_PLATFORM": None}
    by_name = findings(
        run("doctor", "--json", "--data-dir", str(tmp_path), DISPLAY=":4711", **dead)
    )
    assert by_name["display"]["ok"] is False
    assert ":4711" in str(by_name["display"]["text"])
    assert "tidewire serve" in str(by_name["display"]["text"])


@pytest.mark.model
def test_it_reads_the_whole_model_file(tmp_path: Path) -> None:
    """One bit of a hundred megabytes is wrong, and the header is right."""
    good = findings(run("doctor", "--json", "--data-dir", str(tmp_path)))
    assert good["model file"]["ok"] is True, good
    damaged = tmp_path / WEIGHTS.name
    shutil.copyfile(WEIGHTS, damaged)
    with damaged.open("r+b") as file:
        file.seek(-1_000_000, 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    bad = findings(
        run("doctor", "--json", "--data-dir", str(tmp_path), TIDEWIRE_MODEL_FILE=str(damaged))
    )
    assert bad["model file"]["ok"] is False
    assert "damaged" in str(bad["model file"]["text"])
