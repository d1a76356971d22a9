"""Permissions of tools: grants, patterns, and the grants that outlive a change of a tool."""

import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.contract import ArgumentRule
from shell.errors import Reason, StorageFailed, ValidationFailed
from shell.support.file_lock import file_lock
from shell.tools import choices as stored
from shell.tools.base import Arguments, Tool
from shell.tools.choices import FILE, ToolChoices
from shell.tools.permissions import Permissions, fits
from shell.tools.registry import FOLDER, Tools
from tests.host_process import PATIENCE_S

pytestmark = pytest.mark.anyio


def tool(name: str = "send", identity: str = "1", **fields: bool) -> Tool:
    flags = {"reads": False, "brings": False, "sends": False} | fields
    base = Tool(name, "mine.py", "python", identity=identity)
    return replace(base, **flags)  # type: ignore[arg-type]


def test_nothing_is_allowed_by_default() -> None:
    assert Permissions().rule(tool(), {}).verdict == "ask"


def test_a_tool_is_not_allowed_by_another_sources_name() -> None:
    permissions = Permissions(allowed=["notes__send", "notes__*"])
    assert permissions.rule(Tool("send", "notes.py", "python"), {}).verdict == "allow"
    spoof = Tool("notes__send", "evil.py", "python")
    assert permissions.rule(spoof, {}).verdict == "ask"
    assert Permissions(allowed=[spoof.wire_name]).rule(spoof, {}).verdict == "allow"


@pytest.mark.parametrize(
    ("first", "second"), [(("a", "b__c"), ("a__b", "c")), (("a_", "b"), ("a", "_b"))]
)
def test_no_two_tools_have_the_same_name_for_models(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    names = {Tool(name, f"{file}.py", "python").wire_name for file, name in (first, second)}
    assert len(names) == 2


async def test_a_name_that_several_tools_have_allows_none_of_them(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    for name in ("mine", "other"):
        (tmp_path / FOLDER / f"{name}.py").write_text("def send() -> str: ...", "utf-8")
    tools = Tools(tmp_path)
    with pytest.raises(ValidationFailed, match="say mine__send or other__send"):
        await tools.offer("all", tools.permissions(["send"]))
    await tools.offer(["mine__send"], tools.permissions(["send"]))
    await tools.offer("all", tools.permissions(["mine__send", "*"]))
    await tools.close()


async def test_a_person_can_only_add_to_the_flags_of_a_tool(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    text = "from shell.tools import tool\n@tool(reads=True, brings=True, sends=False)\n"
    (tmp_path / FOLDER / "mine.py").write_text(f"{text}def fine() -> str: return 'fine'", "utf-8")
    tools = Tools(tmp_path)
    await tools.set_flags("fine", ["sends"])
    assert (await tools.find("fine")).tool.sends
    assert await tools.call("fine", {}, lambda line: None) == "fine"
    await tools.set_flags("fine", [])
    now = (await tools.find("fine")).tool
    assert (now.reads, now.brings, now.sends) == (True, True, False)
    await tools.close()


def test_a_grant_holds_until_the_tool_changes(tmp_path: Path) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "allow", {})
    assert Permissions(ToolChoices(tmp_path)).rule(tool(), {}).verdict == "allow"
    changed = [
        tool(identity="2"),
        tool(sends=True),
        Tool("send", "mine.py", "python", "Now it says more.", identity="1"),
        Tool("send", "other.py", "python", identity="1"),
    ]
    for other in changed:
        assert Permissions(choices).rule(other, {}).verdict == "ask", other
    differences = [choices.grants([other])[0].difference for other in changed]
    changes = [line for line in str(differences[1]).splitlines() if line[0] in "-+"]
    assert changes == ['- "sends": false', '+ "sends": true']
    assert "Now it says more." in str(differences[2])
    assert differences[0] is differences[3] is None, "nothing else of it changed, or it is gone"
    (grant,) = choices.grants([changed[0]])
    assert grant.suspended
    assert grant.used_at is not None
    assert choices.revoke(grant.id)
    assert not choices.revoke(grant.id)
    assert Permissions(choices).rule(tool(), {}).verdict == "ask"


def test_a_grant_outlives_a_change_of_ones_own_file_while_edits_are_trusted(tmp_path: Path) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "allow", {"to": ArgumentRule(match="exact", value="ann")})
    choices.trusts_edits = True
    changed = tool(identity="2")
    assert Permissions(choices).rule(changed, {"to": "ann"}).verdict == "allow"
    assert Permissions(choices).rule(changed, {"to": "bob"}).verdict == "ask"
    (grant,) = choices.grants([changed])
    assert not grant.suspended
    for other in (replace(changed, kind="builtin"), replace(changed, source="other.py")):
        assert Permissions(choices).rule(other, {"to": "ann"}).verdict == "ask"
    choices.trusts_edits = False
    assert Permissions(choices).rule(changed, {"to": "ann"}).verdict == "ask"
    assert not ToolChoices(tmp_path).trusts_edits, "it ends with the program"


def test_never_outlives_a_change_and_wins_over_everything(tmp_path: Path) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "deny", {})
    choices.add(tool(identity="2"), "allow", {})
    permissions = Permissions(choices, allowed=["*"])
    permissions.keep(tool(identity="2"), "allow", "conversation", None)
    assert permissions.rule(tool(identity="2"), {}).verdict == "deny"


def test_never_is_not_forgotten_for_newer_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MAX_GRANTS", 3)
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "deny", {})
    for name in "abcd":
        choices.add(tool(name), "allow", {})
    assert [grant.tool for grant in choices.grants([])] == ["d", "c", "send"]
    assert Permissions(choices, allowed=["*"]).rule(tool(), {}).verdict == "deny"


def test_a_sending_tool_is_asked_after_untrusted_content(tmp_path: Path) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(sends=True), "allow", {})
    permissions = Permissions(choices)
    assert permissions.rule(tool(sends=True), {}).verdict == "allow"
    permissions.note_result(tool("fetch", brings=True))
    ruling = permissions.rule(tool(sends=True), {})
    assert ruling.verdict == "ask"
    assert ruling.why is not None
    assert Permissions(choices).rule(tool(sends=True), {}).verdict == "allow", "another one"


@pytest.mark.parametrize("text", ['{"version": 2}', "", '{"grants": [{"verdict": "deny"}]}'])
def test_while_a_never_cannot_be_read_every_call_is_asked_and_the_file_is_kept(
    tmp_path: Path, text: str
) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "deny", {})
    good = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_text(text, "utf-8")
    for store in (choices, ToolChoices(tmp_path), ToolChoices(tmp_path)):
        permissions = Permissions(store, allowed=["*"])
        permissions.keep(tool(), "allow", "conversation", None)
        ruling = permissions.rule(tool(), {})
        assert ruling.verdict == "ask"
        assert "tools.json" in str(ruling.why)
        for change in (
            partial(store.add, tool("other"), "allow", {}),
            partial(store.revoke, "x"),
            partial(store.grants, []),
        ):
            with pytest.raises(StorageFailed, match=r"Repair the file .* or delete it") as refused:
                change()
            assert refused.value.reason is Reason.VERDICTS_UNREADABLE
        assert (tmp_path / FILE).read_text("utf-8") == text, "nothing of it is lost"
    (tmp_path / FILE).write_bytes(good)
    assert Permissions(choices, allowed=["*"]).rule(tool(), {}).verdict == "deny", "mended"
    (tmp_path / FILE).unlink()
    assert Permissions(choices, allowed=["*"]).rule(tool(), {}).verdict == "allow", "deleted"


def test_a_file_that_may_not_be_read_asks_as_well(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    ruling = Permissions(ToolChoices(tmp_path), allowed=["*"]).rule(tool(), {})
    assert (ruling.verdict, "directory" in str(ruling.why)) == ("ask", True)


def test_a_choice_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    with pytest.raises(StorageFailed, match="Nothing was changed"):
        ToolChoices(blocked / "data").enable(tool(), enabled=False)


def test_a_call_is_ruled_at_once_while_another_process_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "allow", {})
    monkeypatch.setattr("shell.support.file_lock.WAIT_S", PATIENCE_S)
    began = time.monotonic()
    with file_lock(tmp_path / FILE):
        assert Permissions(choices).rule(tool(), {}).verdict == "allow"
    assert time.monotonic() - began < PATIENCE_S
    assert choices.grants([])[0].used_at is None
    assert Permissions(choices).rule(tool(), {}).verdict == "allow"
    assert choices.grants([])[0].used_at is not None


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    ToolChoices(tmp_path).add(tool(), "allow", {})
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / FILE).read_text("utf-8"))["grants"][0]["tool"] == "send"


def rule(match: str, value: str) -> dict[str, ArgumentRule]:
    return {"x": ArgumentRule.model_validate({"match": match, "value": value})}


@pytest.mark.parametrize(
    ("match", "value", "argument", "expected"),
    [
        ("exact", "a", "a", True),
        ("exact", "a", "A", False),
        ("exact", "5", 5, True),
        ("exact", "true", True, True),
        ("prefix", "git ", "git status", True),
        ("prefix", "git ", "gitx", False),
        ("prefix", "1", 1, False),
        ("host", "example.org", "https://example.org/path", True),
        ("host", "example.org", "https://example.org.evil.net/", False),
        ("host", "example.org", "https://example.org@evil.net/", False),
        ("host", "example.org", "https://EXAMPLE.ORG:8443/", True),
        ("host", "example.org", "file://example.org/etc/passwd", False),
        ("host", "example.org", "http://[broken", False),
        ("host", "example.org", "http://evil.net\\@example.org/", False),
        ("host", "example.org", "http://exam\nple.org/", False),
        ("host", "example.org", "http://me@example.org/", False),
        ("inside", "/srv/me", "/srv/me/notes.txt", True),
        ("inside", "/srv/me", "/srv/me/../you/notes.txt", False),
        ("inside", "/srv/me", "/srv/mean", False),
        ("inside", "/srv/me", "notes.txt", False),
        ("inside", "", "/etc/passwd", False),
        ("inside", ".", str(Path.cwd() / "notes.txt"), False),
        ("inside", "/srv/me", "/srv/me/a\0b", False),
        ("inside", "/srv\0me", "/srv/me/a", False),
        ("any", "", {"deep": [1]}, True),
    ],
)
def test_a_pattern_says_which_arguments(
    match: str, value: str, argument: object, expected: bool
) -> None:
    arguments: Arguments = {"x": argument}  # type: ignore[dict-item]
    assert fits(rule(match, value), arguments) is expected


def test_a_grant_with_a_pattern_is_for_no_argument_that_it_does_not_name(tmp_path: Path) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "allow", rule("exact", "ann"))
    choices.add(tool("pay"), "deny", rule("exact", "eve"))
    permissions = Permissions(choices)
    assert permissions.rule(tool(), {"x": "ann"}).verdict == "allow"
    assert permissions.rule(tool(), {"x": "ann", "copy_to": "eve"}).verdict == "ask"
    assert permissions.rule(tool("pay"), {"x": "eve", "more": 1}).verdict == "deny"


@pytest.mark.parametrize(
    "argument",
    [
        "/srv/me/../you/notes.txt",
        "/srv/me/..",
        "/srv/me/a/../../you",
        "/srv/me/..\\you",
        "/srv/me/..;/you",
        "/srv/me/%2e%2e/you",
        "/srv/me/.%2E/you",
        "/srv/me/%252e%252e%252fyou",
        "/srv/me/.\n./you",
        "/srv/me/%2e%0a%2e/you",
        "/srv/me/%" + "25" * 50_000 + "2e",
        "/srv/me/ ../you",
    ],
)
def test_a_permission_by_its_beginning_is_not_for_a_path_that_climbs_out(
    tmp_path: Path, argument: str
) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "allow", rule("prefix", "/srv/me/"))
    choices.add(tool("drop"), "deny", rule("prefix", "/srv/me/"))
    assert Permissions(choices).rule(tool(), {"x": argument}).verdict == "ask"
    assert Permissions(choices).rule(tool("drop"), {"x": argument}).verdict == "deny"


@pytest.mark.parametrize("argument", ["notes..txt", "main..topic", "and so on...", "50%", "a%2fb"])
def test_other_dots_climb_nowhere(tmp_path: Path, argument: str) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "allow", rule("prefix", "/srv/me/"))
    assert Permissions(choices).rule(tool(), {"x": f"/srv/me/{argument}"}).verdict == "allow"


def test_a_link_out_of_a_folder_is_not_inside(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "link").symlink_to("/etc")
    assert not fits(
        rule("inside", str(tmp_path / "mine")), {"x": str(tmp_path / "mine/link/passwd")}
    )


@pytest.mark.parametrize(
    "path", ["/srv/me" + "/a" * 2_100, "//server/share/me", r"\\server\share", r"/\server\share"]
)
def test_a_permission_for_a_folder_resolves_no_long_path_and_no_network_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    choices = ToolChoices(tmp_path)
    choices.add(tool(), "allow", rule("inside", "/srv/me"))
    choices.add(tool("drop"), "deny", rule("inside", "/srv/me"))
    permissions = Permissions(choices)
    if len(path) > 4_096:
        assert permissions.rule(tool("drop"), {"x": path}).verdict == "deny"
    monkeypatch.setattr("os.path.realpath", None)
    assert permissions.rule(tool(), {"x": path}).verdict == "ask"


@given(st.text() | st.just("none"), st.text())
def test_a_missing_argument_fits_nothing_but_any(value: str, name: str) -> None:
    for match in ("exact", "prefix", "host", "inside"):
        assert not fits(rule(match, value), {} if name == "x" else {name: value})
