"""The texts that ask before a server runs or is contacted, in the language of the page."""

import locale
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shell.bridge.appearance import read_appearance
from shell.settings import FILE
from shell.support.text import escaped
from shell.tools.mcp.configuration import ServerSpec


@dataclass(frozen=True, slots=True)
class ConsentTexts:
    """The texts of one language; `{}` stands for a folder, the names of values, or a variable."""

    run: str
    contact: str
    add: str
    values: str
    variable: str
    folder: str

    def question(self, spec: ServerSpec) -> str:
        """Ask whether a server may run or be contacted."""
        return self.contact if spec.url else self.run

    def details(self, name: str, spec: ServerSpec) -> str:
        """Show everything that a person agrees to, in paragraphs.

        Args:
            name: the server's name.
            spec: the server as the file has it.
        """
        parts = [name, spec.shown()]
        if spec.cwd:
            parts.append(self.folder.format(spec.cwd))
        if spec.values:
            values = ", ".join(self._value(each, spec) for each in sorted(spec.values))
            parts.append(self.values.format(values))
        # A line feed in a part must not look like the next part.
        return "\n\n".join(escaped(part).replace("\n", "\\n") for part in parts)

    def _value(self, name: str, spec: ServerSpec) -> str:
        if name in spec.shown_values:
            return f"{name}={spec.shown_values[name]}"
        sources = ", ".join(map(self.variable.format, spec.variables.get(name, ())))
        return f"{name} ({sources})" if sources else name


ENGLISH = ConsentTexts(
    run="Run this program on your computer?",
    contact="Contact this address?",
    add="Add these servers, switched off?",
    values="It gets: {}",
    variable="from the variable {}",
    folder="In the folder: {}",
)
GERMAN = ConsentTexts(
    run="Dieses Programm auf deinem Rechner ausführen?",
    contact="Diese Adresse kontaktieren?",
    add="Diese Server ausgeschaltet hinzufügen?",
    values="Es bekommt: {}",
    variable="aus der Variable {}",
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
