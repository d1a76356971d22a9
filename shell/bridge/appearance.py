"""Look: how a page is to look from its first frame on: what the settings' file says of it.

Read without the settings' own models, which take longer to load than a page may wait. What makes no
sense here is as if it were not there; the settings themselves say so later.
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
    """None is what the system, or the browser, has."""

    theme: Theme | None = None
    size: Size | None = None
    language: str | None = None
    """A language tag."""

    def attributes(self) -> dict[str, str]:
        """What the page's root element has of it."""
        named = {
            "lang": self.language or "en",
            # Empty says that nothing was chosen; a page that nobody filled in has none.
            "data-language": self.language or "",
            "data-theme": self.theme,
            "data-size": self.size,
        }
        return {name: value for name, value in named.items() if value is not None}


def read_look(settings: Path) -> Appearance:
    """What this file of settings says; nothing, when there is none.

    Args:
        settings: a file of `SettingsFile`.
    """
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
