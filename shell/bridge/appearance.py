"""Reads the appearance of a page's first frame from the settings file.

Does not use the models of the settings, which take longer to load than a page may wait. Invalid
values are ignored here; `SettingsFile` reports them later.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
Theme = Literal["light", "dark"]
Size = Literal["small", "large", "larger"]


@dataclass(frozen=True, slots=True)
class Appearance:
    """Theme, text size and language. None stands for the choice of the system or the browser."""

    theme: Theme | None = None
    size: Size | None = None
    language: str | None = None
    """A language tag."""

    def attributes(self) -> dict[str, str]:
        """Attributes for the page's root element."""
        attributes = {
            "lang": self.language or "en",
            # Empty: nothing was chosen. The page of the Vite server has no such attribute.
            "data-language": self.language or "",
            "data-theme": self.theme,
            "data-size": self.size,
        }
        return {name: value for name, value in attributes.items() if value is not None}


def read_appearance(settings: Path) -> Appearance:
    """Read the appearance from a settings file; all None without one."""
    try:
        chosen = json.loads(settings.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Appearance()
    if not isinstance(chosen, dict):
        return Appearance()
    theme, size, language = (chosen.get(name) for name in ("theme", "textSize", "language"))
    return Appearance(
        theme if theme in ("light", "dark") else None,
        size if size in ("small", "large", "larger") else None,
        language if isinstance(language, str) and _TAG.fullmatch(language) else None,
    )
