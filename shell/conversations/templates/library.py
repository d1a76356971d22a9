"""Keeps the templates of a person: Markdown files below the folder `templates`."""

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from shell.contract import (
    MAX_TEMPLATE_CHARACTERS,
    FormField,
    FormFile,
    FormValue,
    FormValues,
    RenderedTemplate,
    SavedVersion,
    TemplateDetail,
    TemplateProblem,
    TemplateSummary,
)
from shell.conversations.templates.importing import convert
from shell.conversations.templates.parsing import (
    ParsedTemplate,
    in_file,
    take_apart,
    version_of,
    with_variables,
)
from shell.conversations.templates.renderer import fill_in, find_variables
from shell.conversations.text_files import fence
from shell.errors import LimitReached, NotFound, StorageFailed, ValidationFailed
from shell.inference.form_values import check_values, default_values
from shell.support.files import reason, replace_file
from shell.support.ids import epoch_ms

FOLDER = "templates"
VERSIONS = ".versions"
MAX_TEMPLATES = 500
MAX_VERSIONS = 20
"""Of each template. Older ones go."""
MAX_BYTES = 1_000_000
_PART = re.compile(r"\w[\w .()+-]{0,79}(?<![ .])")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.I)
"""Names that Windows keeps for devices."""


class Templates:
    """The library. Its methods block, and may be called from any thread.

    Args:
        data: the data directory.
    """

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        self._parsed: dict[str, ParsedTemplate] = {}
        """By the versions of their texts."""

    def summaries(self) -> list[TemplateSummary]:
        """Every template, by name. Those with a problem say what is wrong."""
        found = [(name, path, *_read(path)) for name, path in self._files()]
        parsed = self._parse_all([text for _, _, text, _ in found])
        return [
            _summary(name, text, updated, one)
            for (name, _, text, updated), one in zip(found, parsed, strict=True)
        ]

    def get(self, name: str, version: str | None = None) -> TemplateDetail:
        """A template with its form; perhaps in an earlier version.

        Raises:
            NotFound: there is none.
        """
        text, updated = self._text(name, version)
        parsed = self._parse_all([text])[0]
        head = parsed.head
        return TemplateDetail(
            **dict(_summary(name, text, updated, parsed)),
            text=text,
            inputs=parsed.inputs,
            model=head.model,
            effort=head.effort,
            tools=head.tools,
        )

    def check(self, text: str) -> ParsedTemplate:
        """Take a text apart that is not in the library."""
        return self._parse_all([text])[0]

    def render(
        self, name: str, values: FormValues, version: str | None = None, text: str | None = None
    ) -> RenderedTemplate:
        """Fill in a template, or a `text` in its place. Fields that are missing have their
        defaults.

        Raises:
            NotFound: there is none.
            ValidationFailed: a value or the template is wrong.
        """
        if text is None:
            text, _ = self._text(name, version)
        parsed = self.check(text)
        if parsed.problem is not None:
            raise _wrong(name, parsed.problem)
        given = check_values(parsed.inputs, {**default_values(parsed.inputs), **values})
        plain = {
            field.name: _plain(field, given.get(field.name), parsed.head.unfenced)
            for field in parsed.inputs
        }
        said = fill_in(parsed.body, plain)
        if isinstance(said, TemplateProblem):
            raise _wrong(name, in_file(said, parsed.before))
        system, user = said
        if not user:
            text = "The template makes no text for the user. Fill in a field, or edit the template."
            raise ValidationFailed([("template", text)])
        return RenderedTemplate(name=name, version=version_of(text), system=system, user=user)

    def save(self, name: str, text: str, version: str | None = None) -> TemplateDetail:
        """Write a template. What was there before stays as an earlier version.

        Raises:
            ValidationFailed: the name or the text cannot be, or the file has changed meanwhile.
            LimitReached: there are too many templates.
        """
        path = self._path(name)
        if len(text) > MAX_TEMPLATE_CHARACTERS or len(text.encode("utf-8", "replace")) > MAX_BYTES:
            raise ValidationFailed([("text", f"A template has at most {MAX_BYTES:,} bytes.")])
        if path.exists():
            before, _ = _read(path)
            if version is not None and version_of(before) != version:
                text = f"{name} was changed elsewhere. Load it again before you save it."
                raise ValidationFailed([("version", text)])
            if before != text:
                self._keep(name, before)
        else:
            count = len(self._files())
            if count >= MAX_TEMPLATES:
                text = f"There are {count} templates, as many as there can be. Remove one first."
                raise LimitReached(text, MAX_TEMPLATES, count)
        _write(path, text)
        return self.get(name)

    def create(self, name: str, text: str) -> TemplateDetail:
        """Write a new template, under another name where this one is taken.

        Raises:
            ShellError: it cannot be written.
        """
        return self.save(self._free(name), text)

    def duplicate(self, name: str) -> TemplateDetail:
        """Write a copy of a template.

        Raises:
            ShellError: there is none, or the copy cannot be written.
        """
        return self.create(name, self._text(name)[0])

    def rename(self, name: str, to: str) -> TemplateDetail:
        """Give a template another name. Its earlier versions stay with it.

        Raises:
            ShellError: there is none, or the name is taken or cannot be.
        """
        text, _ = self._text(name)
        path, target = self._path(name), self._path(to)
        if target.exists():
            raise ValidationFailed([("to", f"There is a template {to} already.")])
        _write(target, text)
        kept, other = self._versions(name), self._versions(to)
        try:
            if kept.is_dir() and not other.exists():
                other.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                kept.rename(other)
            path.unlink()
        except OSError as error:
            raise StorageFailed(f"{path} cannot be moved ({reason(error)})") from None
        return self.get(to)

    def remove(self, name: str) -> None:
        """Remove a template. `restore` brings it back.

        Raises:
            NotFound: there is none.
        """
        text, _ = self._text(name)
        self._keep(name, text)
        path = self._path(name)
        try:
            path.unlink()
        except OSError as error:
            raise StorageFailed(f"{path} cannot be removed ({reason(error)})") from None

    def restore(self, name: str) -> TemplateDetail:
        """Bring a template back that was removed.

        Raises:
            NotFound: it was not.
        """
        kept = self.versions(name)
        if not kept or self._path(name).exists():
            raise NotFound(f"There is no removed template {name[:100]}.")
        return self.save(name, self._text(name, kept[0].version)[0])

    def versions(self, name: str) -> list[SavedVersion]:
        """The earlier versions of a template, the newest first."""
        self._path(name)
        found = []
        for path in self._versions(name).glob("*-*.md"):
            saved, _, version = path.stem.partition("-")
            if saved.isdigit():
                found.append(SavedVersion(version=version, saved_at=int(saved)))
        return sorted(found, key=lambda one: one.saved_at, reverse=True)

    def import_file(self, file: str, text: str) -> Sequence[TemplateSummary]:
        """Write the templates of a file, also of other programs.

        Raises:
            ShellError: it has none, or they cannot be written.
        """
        return [self.create(name, found) for name, found in convert(file, text)]

    # --- inside -----------------------------------------------------------------------------

    def _files(self) -> list[tuple[str, Path]]:
        found = []
        for folder, folders, files in os.walk(self.folder):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for file in sorted(files):
                path = Path(folder, file)
                name = path.relative_to(self.folder).with_suffix("").as_posix()
                if path.suffix == ".md" and _is_name(name) and not path.is_symlink():
                    found.append((name, path))
        return sorted(found)[:MAX_TEMPLATES]

    def _path(self, name: str) -> Path:
        """The file of a template, which is below the folder and behind no link.

        Raises:
            ValidationFailed: the name cannot be.
        """
        if not _is_name(name):
            text = "A name has letters, digits, spaces, -, _ and /, such as work/review."
            raise ValidationFailed([("name", text)])
        path = self.folder / f"{name}.md"
        for each in (path, *path.parents):
            if each == self.folder.parent:
                break
            if each.is_symlink():
                raise ValidationFailed([("name", f"{each} is a link, and links are not followed.")])
        return path

    def _text(self, name: str, version: str | None = None) -> tuple[str, int]:
        path = self._path(name)
        if path.is_file():
            text, updated = _read(path)
            if version is None or version_of(text) == version:
                return text, updated
        if version is not None:
            for kept in self._versions(name).glob(f"*-{version}.md"):
                return _read(kept)
            raise NotFound(f"This version of the template {name[:100]} is not there any more.")
        raise NotFound(f"There is no template {name[:100]}. 'tidewire templates list' shows them.")

    def _versions(self, name: str) -> Path:
        return self.folder / VERSIONS / name

    def _keep(self, name: str, text: str) -> None:
        folder = self._versions(name)
        for same in folder.glob(f"*-{version_of(text)}.md"):
            same.unlink()
        _write(folder / f"{epoch_ms()}-{version_of(text)}.md", text)
        for old in self.versions(name)[MAX_VERSIONS:]:
            (folder / f"{old.saved_at}-{old.version}.md").unlink(missing_ok=True)

    def _free(self, name: str) -> str:
        free, number = name, 1
        while self._path(free).exists():
            number += 1
            free = f"{name}-{number}"
        return free

    def _parse_all(self, texts: Sequence[str]) -> list[ParsedTemplate]:
        new = {key: text for text in texts if (key := version_of(text)) not in self._parsed}
        heads = {key: take_apart(text) for key, text in new.items()}
        sound = [key for key, one in heads.items() if one.problem is None]
        for key, found in zip(
            sound, find_variables([heads[key].body for key in sound]), strict=True
        ):
            heads[key] = with_variables(heads[key], found)
        if len(self._parsed) > 2 * MAX_TEMPLATES:
            self._parsed.clear()
        known = {**self._parsed, **heads}
        self._parsed.update(heads)
        return [known[version_of(text)] for text in texts]


def _summary(name: str, text: str, updated: int, parsed: ParsedTemplate) -> TemplateSummary:
    return TemplateSummary(
        name=name,
        title=parsed.head.title or name.rpartition("/")[2],
        description=parsed.head.description,
        version=version_of(text),
        updated_at=updated,
        problem=parsed.problem,
    )


def _plain(field: FormField, value: FormValue | None, unfenced: frozenset[str]) -> object:
    """A value as the template gets it. What may be a stranger's text cannot end its fence."""
    if isinstance(value, FormFile):
        return f"{' '.join(value.name.split())}\n{fence(value.text)}"
    if field.type == "text" and isinstance(value, str) and field.name not in unfenced:
        return fence(value)
    if value is None:
        return {"list": [], "boolean": False}.get(field.type)
    return value


def place_of(problem: TemplateProblem) -> str:
    """Where the problem is, as the command line says it."""
    if problem.line is None:
        return ""
    column = "" if problem.column is None else f", column {problem.column}"
    return f"Line {problem.line}{column}: "


def _wrong(name: str, problem: TemplateProblem) -> ValidationFailed:
    return ValidationFailed([("template", f"{name}: {place_of(problem)}{problem.message}")])


def _is_name(name: str) -> bool:
    parts = name.split("/")
    return (
        len(name) <= 200
        and len(parts) <= 4
        and all(_PART.fullmatch(part) and not _RESERVED.fullmatch(part) for part in parts)
    )


def _read(path: Path) -> tuple[str, int]:
    """The text of a file and when it was changed. One that is too large is cut behind its limit."""
    try:
        # A file that turns into a link or a pipe meanwhile is not followed and not waited for.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise StorageFailed(f"{path} is no file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StorageFailed(f"{path} cannot be read ({reason(error)})") from None
    return data.decode("utf-8", "replace"), int(about.st_mtime * 1_000)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise StorageFailed(f"{path} cannot be written ({reason(error)})") from None
