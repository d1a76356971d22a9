"""The settings file: typed, readable, written atomically, and with unknown keys preserved."""

import asyncio
import errno
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from shell.api.settings import SettingsApi
from shell.bridge.caller import Caller
from shell.contract import (
    DeadlineSettings,
    LimitSettings,
    PreferencesChange,
)
from shell.errors import StorageFailed, StorageUnavailable
from shell.inference.limits import Settings
from shell.settings import SettingsFile
from shell.support.file_lock import file_lock


def write(folder: Path, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "settings.json").write_text(text, "utf-8")


def read(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "settings.json").read_text("utf-8"))
    return content


def fails(number: int) -> Callable[..., NoReturn]:
    """A system call that fails with this error number."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


async def delete_no_requests() -> None:
    """Delete the stored requests, of which there are none here."""


def test_without_a_file_everything_is_as_promised_and_nothing_is_written(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path)
    assert settings.engine == Settings()
    assert settings.preferences.theme == "system"
    assert settings.remarks == []
    assert list(tmp_path.iterdir()) == []


def test_a_change_is_kept_and_the_rest_stays(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path)
    deadlines = DeadlineSettings(
        overall_ms=1_000, first_ms=200, first_silent_ms=300, between_ms=400
    )
    settings.change(PreferencesChange(theme="dark", deadlines=deadlines))
    settings.change(PreferencesChange(limits=LimitSettings(inferences=2, sessions=3)))
    reopened = SettingsFile(tmp_path)
    assert reopened.preferences == settings.preferences
    assert reopened.preferences.theme == "dark"
    assert reopened.engine.deadlines.between_ms == 400
    assert reopened.engine.limits.inferences == 2
    assert reopened.engine.limits.log_retention_s == Settings().limits.log_retention_s
    reopened.change(PreferencesChange.model_validate({"theme": None}))
    assert SettingsFile(tmp_path).preferences.theme == "system"


def test_unknown_keys_are_kept_wherever_they_are(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "future": {"a": [1, None]},
            "limits": {"inferences": 3, "perDay": 9},
            "providers": {
                "x": {"kind": "openai-compatible", "baseUrl": "https://x.example", "n": 1}
            },
        },
    )
    settings = SettingsFile(tmp_path)
    assert settings.remarks == []
    settings.change(PreferencesChange(limits=LimitSettings(inferences=4, sessions=5)))
    stored = read(tmp_path)
    assert stored["future"] == {"a": [1, None]}
    assert stored["limits"] == {"inferences": 4, "perDay": 9, "sessions": 5}


@pytest.mark.parametrize("content", ["{", "[]", "\x00", "", '{"a": 1', "[" * 100_000, "\udc80"])
def test_a_broken_file_is_set_aside_and_said(tmp_path: Path, content: str) -> None:
    raw = content.encode("utf-8", "surrogateescape")
    (tmp_path / "settings.json").write_bytes(raw)
    settings = SettingsFile(tmp_path)
    assert settings.engine == Settings()
    [aside] = tmp_path.iterdir()
    assert aside.name.startswith("settings.broken-")
    assert aside.read_bytes() == raw
    assert aside.name in settings.remarks[0].text
    settings.change(PreferencesChange(theme="light"))
    assert aside.read_bytes() == raw
    assert SettingsFile(tmp_path).preferences.theme == "light"


def test_a_value_that_makes_no_sense_costs_only_itself(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "theme": "purple",
            "language": 5,
            "limits": {"inferences": -1, "sessions": 7},
            "deadlines": "soon",
            "shortcuts": {"send": "Enter", "no name!": "x", "find": 5},
            "defaultProvider": "echo",
        },
    )
    settings = SettingsFile(tmp_path)
    assert settings.preferences.theme == "system"
    assert settings.preferences.default_provider == "echo"
    assert settings.engine.limits.sessions == 7
    assert settings.engine.limits.inferences == Settings().limits.inferences
    assert settings.preferences.shortcuts == {"send": "Enter"}
    remarks = " ".join(remark.text for remark in settings.remarks)
    for name in ("theme", "language", "limits.inferences", "deadlines", "shortcuts.find"):
        assert f"'{name}'" in remarks
    assert "sessions" not in remarks
    # The wrong value stays in the file until the user corrects it.
    settings.change(PreferencesChange(default_provider="local"))
    assert read(tmp_path)["theme"] == "purple"


def test_a_remark_ends_with_the_invalid_value(tmp_path: Path) -> None:
    write(tmp_path, {"theme": "purple", "textSize": "huge"})
    settings = SettingsFile(tmp_path)
    settings.change(PreferencesChange(theme="dark"))
    assert [remark.facts["name"] for remark in settings.remarks] == ["textSize"]
    write(tmp_path, {"theme": "dark"})
    settings.reload()
    assert settings.remarks == []


def test_a_file_that_cannot_be_read_now_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"theme": "dark"})
    raw = (tmp_path / "settings.json").read_bytes()
    with monkeypatch.context() as failing:
        failing.setattr(Path, "read_text", fails(errno.EIO))
        settings = SettingsFile(tmp_path)
        assert "settings.json cannot be read now" in settings.remarks[0].text
        with pytest.raises(StorageFailed, match="cannot be read"):
            settings.change(PreferencesChange(text_size="large"))
        assert (tmp_path / "settings.json").read_bytes() == raw
    settings.change(PreferencesChange(text_size="large"))
    assert read(tmp_path) == {"theme": "dark", "textSize": "large"}
    with monkeypatch.context() as failing:
        failing.setattr(Path, "read_text", fails(errno.EMFILE))
        settings.reload()
    assert settings.preferences.theme == "dark", "what was known before stays"


def test_a_broken_file_that_cannot_be_set_aside_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "{ broken")
    file, move = tmp_path / "settings.json", Path.replace

    def not_the_file(source: Path, target: Path) -> Path:
        if source == file:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return move(source, target)

    monkeypatch.setattr(Path, "replace", not_the_file)
    settings = SettingsFile(tmp_path)
    with pytest.raises(StorageFailed, match="Nothing was changed"):
        settings.change(PreferencesChange(theme="dark"))
    assert file.read_text("utf-8") == "{ broken"


def test_what_another_process_wrote_is_not_undone(tmp_path: Path) -> None:
    first, second = SettingsFile(tmp_path), SettingsFile(tmp_path)
    first.change(PreferencesChange(theme="dark"))
    second.change(PreferencesChange(default_provider="echo"))
    preferences = SettingsFile(tmp_path).preferences
    assert (preferences.theme, preferences.default_provider) == ("dark", "echo")


def test_a_file_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path)
    settings.change(PreferencesChange(theme="dark"))

    def change() -> None:
        with settings._edit() as raw:
            raw["theme"] = "light"
            settings.path.unlink()
            settings.path.mkdir()
            (settings.path / "in the way").touch()

    with pytest.raises(StorageFailed, match="cannot be written"):
        change()
    assert settings.preferences.theme == "dark"
    remaining = {path.name for path in tmp_path.iterdir()}
    assert remaining == {"settings.json", ".settings.json.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path)
    settings.change(PreferencesChange(theme="dark"))
    assert stat.S_IMODE(settings.path.stat().st_mode) == 0o600


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_change_that_waits_for_another_process_holds_up_nobody(tmp_path: Path) -> None:
    api, page = SettingsApi(SettingsFile(tmp_path), delete_no_requests), Caller("page")
    changes = [PreferencesChange(theme="light"), PreferencesChange(theme="dark")]
    with file_lock(tmp_path / "settings.json"):
        pending = [asyncio.ensure_future(api.update(page, change)) for change in changes]
        await asyncio.sleep(0)
        assert api.get(page).preferences.theme == "system"
        assert not any(task.done() for task in pending)
    themes = [(await task).preferences.theme for task in pending]
    assert themes == ["light", "dark"]
    assert read(tmp_path)["theme"] == "dark"


def test_a_change_that_another_process_keeps_out_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shell.support.file_lock.WAIT_S", 0.05)
    settings = SettingsFile(tmp_path)
    with (
        file_lock(settings.path),
        pytest.raises(StorageUnavailable, match="another process"),
    ):
        settings.change(PreferencesChange(theme="dark"))
    assert settings.preferences.theme == "system"
