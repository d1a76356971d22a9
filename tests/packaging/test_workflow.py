"""The workflow on GitHub: it pins its actions to commits, and has only permission to read."""

import re

from tests.command import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))


def test_there_is_one() -> None:
    assert len(WORKFLOWS) == 1


def test_actions_are_named_by_their_commit() -> None:
    text = WORKFLOWS[0].read_text("utf-8")
    used = re.findall(r"uses:\s*(\S+)", text)
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)] == []


def test_it_may_only_read() -> None:
    text = WORKFLOWS[0].read_text("utf-8")
    assert re.search(r"^permissions:\n  contents: read$", text, re.MULTILINE)
    assert "secrets." not in text


def test_it_runs_what_people_run_on_all_three_systems() -> None:
    text = WORKFLOWS[0].read_text("utf-8")
    assert "dev.py test" in text
    assert "dev.py build all" in text
    for system in ("ubuntu-", "macos-", "windows-"):
        assert system in text


def test_root_takes_the_python_that_was_set_up() -> None:
    text = WORKFLOWS[0].read_text("utf-8")
    pythons = re.findall(r"run: sudo (\S+ \S+) dev\.py", text)
    assert pythons == ['"$(which python)"'] * 2
