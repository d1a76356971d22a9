"""The texts of the dialog that asks before a server runs, in the language of the page."""

import locale
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shell.bridge.appearance import read_appearance
from shell.settings import FILE


@dataclass(frozen=True, slots=True)
class ConsentTexts:
    """The texts of one language; `{}` stands for the folder or the names of the values."""

    run: str
    contact: str
    add: str
    values: str
    folder: str


ENGLISH = ConsentTexts(
    run="Run this program on your computer?",
    contact="Contact this address?",
    add="Add these servers, switched off?",
    values="It gets: {}",
    folder="In the folder: {}",
)
GERMAN = ConsentTexts(
    run="Dieses Programm auf deinem Rechner ausführen?",
    contact="Diese Adresse kontaktieren?",
    add="Diese Server ausgeschaltet hinzufügen?",
    values="Es bekommt: {}",
    folder="Im Ordner: {}",
)


def consent_texts(data: Path, environ: Mapping[str, str]) -> ConsentTexts:
    """The texts in the chosen language, else in the system's.

    Args:
        data: the data directory with the settings.
        environ: has the language of a Unix system.
    """
    named = (environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    system = next(filter(None, named), None) or locale.getlocale()[0] or ""
    language = read_appearance(data / FILE).language or system
    return GERMAN if language.lower().startswith(("de", "german")) else ENGLISH
