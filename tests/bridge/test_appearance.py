"""The appearance of a page before any of its code has run."""

import json
from pathlib import Path

import pytest

from shell.bridge.appearance import Appearance, read_appearance
from shell.contract import PreferencesChange, TextSize, Theme
from shell.settings import SettingsFile


@pytest.mark.parametrize("theme", ["system", "light", "dark"])
@pytest.mark.parametrize("size", ["small", "standard", "large", "larger"])
@pytest.mark.parametrize("language", ["", "de", "en-XB"])
def test_it_is_as_the_settings_say(
    tmp_path: Path, theme: Theme, size: TextSize, language: str
) -> None:
    settings = SettingsFile(tmp_path)
    settings.change(PreferencesChange(theme=theme, text_size=size, language=language))
    attributes = read_appearance(settings.path).attributes()
    assert attributes.get("data-theme", "system") == theme
    assert attributes.get("data-size", "standard") == size
    assert attributes["data-language"] == language
    assert attributes["lang"] == (language or "en")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"theme": 1, "textSize": [], "language": "\\"><script>"}', "[" * 99_999],
)
def test_what_makes_no_sense_is_left_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, "utf-8")
    assert read_appearance(path) == Appearance()


def test_unknown_values_do_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"theme": "dark", "textSize": "huge", "more": None}), "utf-8")
    assert read_appearance(path) == Appearance(theme="dark")
