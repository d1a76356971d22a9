"""Stores the templates of a person: Markdown files below the folder `templates`."""

import os
import stat
import unicodedata
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
    add_variables,
    in_file,
    parse,
    version_of,
)
from shell.conversations.templates.renderer import fill_in, find_variables
from shell.conversations.text_files import fence
from shell.errors import LimitReached, NotFound, StorageFailed, ValidationFailed
from shell.inference.form_values import check_values, default_values
from shell.support.files import file_errors, replace_file
from shell.support.ids import epoch_ms
from shell.support.text import file_name

FOLDER = "templates"
VERSIONS = ".versions"
MAX_TEMPLATES = 500
MAX_VERSIONS = 20
"""Most saved versions of each template. Older ones are removed."""
MAX_BYTES = 1_000_000
MAX_PART_CHARACTERS = 80
"""Longest name of a file or folder."""


class Templates:
    """The library in a data directory. Its methods block; any thread may call them.

    Methods that need the template of a name (`restore`: a removed one) raise NotFound if there is
    none, or not this version of it. Those that write raise ShellError if that fails.
    """

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        self._parsed: dict[str, ParsedTemplate] = {}
        """By the versions of their texts."""

    def summaries(self) -> list[TemplateSummary]:
        """Every template, sorted by name. An invalid one has its `problem`."""
        files = [(name, path, *_read_or_mark(path)) for name, path in self._files()]
        parsed = self._parse_all([text for _, _, text, _ in files])
        return [
            _summary(name, text, updated, template)
            for (name, _, text, updated), template in zip(files, parsed, strict=True)
        ]

    def get(self, name: str, version: str | None = None) -> TemplateDetail:
        """A template with its form, or an earlier version of it."""
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
        """Parse a text that may not be in the library."""
        return self._parse_all([text])[0]

    def render(
        self, name: str, values: FormValues, version: str | None = None, text: str | None = None
    ) -> RenderedTemplate:
        """Fill in a template, or a `text` in its place. Missing fields have their defaults.

        Raises:
            ValidationFailed: a value or the template is invalid.
        """
        if text is None:
            text, _ = self._text(name, version)
        parsed = self.check(text)
        if parsed.problem is not None:
            raise _invalid(name, parsed.problem)
        entered = check_values(parsed.inputs, {**default_values(parsed.inputs), **values})
        template_values = {
            field.name: _template_value(field, entered.get(field.name), parsed.head.unfenced)
            for field in parsed.inputs
        }
        filled = fill_in(parsed.body, template_values)
        if isinstance(filled, TemplateProblem):
            raise _invalid(name, in_file(filled, parsed.before))
        system, user = filled
        if not user:
            text = "The template makes no text for the user. Fill in a field, or edit the template."
            raise ValidationFailed([("template", text)])
        return RenderedTemplate(name=name, version=version_of(text), system=system, user=user)

    def save(self, name: str, text: str, version: str | None = None) -> TemplateDetail:
        """Write a template. The old text stays as an earlier version.

        Raises:
            ValidationFailed: the name or the text is invalid, or the file has changed meanwhile.
            LimitReached: there are too many templates.
        """
        path = self._path(name)
        if len(text) > MAX_TEMPLATE_CHARACTERS or len(text.encode("utf-8", "replace")) > MAX_BYTES:
            raise ValidationFailed([("text", f"A template has at most {MAX_BYTES:,} bytes.")])
        if path.exists():
            old_text, _ = _read(path)
            if version is not None and version_of(old_text) != version:
                text = f"{name} was changed elsewhere. Load it again before you save it."
                raise ValidationFailed([("version", text)])
            if old_text != text:
                self._save_version(name, old_text)
        else:
            count = len(self._files())
            if count >= MAX_TEMPLATES:
                text = f"There are {count} templates, as many as there can be. Remove one first."
                raise LimitReached(text, MAX_TEMPLATES, count)
        _write(path, text)
        return self.get(name)

    def create(self, name: str, text: str) -> TemplateDetail:
        """Write a new template, under another name if this one is taken."""
        return self.save(self._free_name(name), text)

    def duplicate(self, name: str) -> TemplateDetail:
        """Write a copy of a template."""
        return self.create(name, self._text(name)[0])

    def rename(self, name: str, to: str) -> TemplateDetail:
        """Give a template another name. Its earlier versions stay with it.

        Raises:
            ShellError: there is no such template, or the new name is taken or invalid.
        """
        text, _ = self._text(name)
        path, target = self._path(name), self._path(to)
        if target.exists():
            raise ValidationFailed([("to", f"There is a template {to} already.")])
        _write(target, text)
        folder = self._versions_folder(to)
        with file_errors(f"{path} cannot be moved"):
            # The folder may also have the versions of templates below this name, which stay.
            for version_path in self._version_files(name):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                version_path.replace(folder / version_path.name)
            path.unlink()
        return self.get(to)

    def remove(self, name: str) -> None:
        """Remove a template. `restore` brings it back."""
        text, _ = self._text(name)
        self._save_version(name, text)
        path = self._path(name)
        with file_errors(f"{path} cannot be removed"):
            path.unlink()

    def restore(self, name: str) -> TemplateDetail:
        """Bring a removed template back."""
        versions = self.versions(name)
        if not versions or self._path(name).exists():
            raise NotFound(f"There is no removed template {name[:100]}.")
        return self.save(name, self._text(name, versions[0].version)[0])

    def versions(self, name: str) -> list[SavedVersion]:
        """The earlier versions of a template, the newest first."""
        self._path(name)
        versions = []
        for path in self._version_files(name):
            saved_at, _, version = path.stem.partition("-")
            if saved_at.isdigit():
                versions.append(SavedVersion(version=version, saved_at=int(saved_at)))
        return sorted(versions, key=lambda version: version.saved_at, reverse=True)

    def import_file(self, file: str, text: str) -> Sequence[TemplateSummary]:
        """Import the templates of a file, perhaps of another program.

        Raises:
            ShellError: the file has no templates, or they cannot be written.
        """
        return [self.create(name, template_text) for name, template_text in convert(file, text)]

    # --- inside -----------------------------------------------------------------------------

    def _files(self) -> list[tuple[str, Path]]:
        templates = []
        for folder, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for file in sorted(files):
                path = Path(folder, file)
                name = path.relative_to(self.folder).with_suffix("").as_posix()
                if path.suffix == ".md" and _is_name(name) and not path.is_symlink():
                    templates.append((name, path))
        return sorted(templates)[:MAX_TEMPLATES]

    def _path(self, name: str) -> Path:
        """The file of a template, below the folder and not behind a symbolic link.

        Raises:
            ValidationFailed: the name is invalid.
        """
        if not _is_name(name):
            text = "A name has letters, digits, spaces, -, _ and /, such as work/review."
            raise ValidationFailed([("name", text)])
        path = self.folder / f"{name}.md"
        for ancestor in (path, *path.parents):
            if ancestor == self.folder.parent:
                break
            if ancestor.is_symlink():
                text = f"{ancestor} is a link, and links are not followed."
                raise ValidationFailed([("name", text)])
        return path

    def _text(self, name: str, version: str | None = None) -> tuple[str, int]:
        path = self._path(name)
        if path.is_file():
            text, updated = _read(path)
            if version is None or version_of(text) == version:
                return text, updated
        if version is not None:
            for version_path in self._versions_folder(name).glob(f"*-{version}.md"):
                return _read(version_path)
            raise NotFound(f"This version of the template {name[:100]} is not there any more.")
        raise NotFound(f"There is no template {name[:100]}. 'tidewire templates list' shows them.")

    def _versions_folder(self, name: str) -> Path:
        return self.folder / VERSIONS / name

    def _version_files(self, name: str) -> list[Path]:
        return [path for path in self._versions_folder(name).glob("*-*.md") if path.is_file()]

    def _save_version(self, name: str, text: str) -> None:
        folder = self._versions_folder(name)
        for same in folder.glob(f"*-{version_of(text)}.md"):
            same.unlink()
        _write(folder / f"{epoch_ms()}-{version_of(text)}.md", text)
        for old in self.versions(name)[MAX_VERSIONS:]:
            (folder / f"{old.saved_at}-{old.version}.md").unlink(missing_ok=True)

    def _free_name(self, name: str) -> str:
        free, number = name, 1
        while self._path(free).exists():
            number += 1
            free = f"{name}-{number}"
        return free

    def _parse_all(self, texts: Sequence[str]) -> list[ParsedTemplate]:
        known = dict(self._parsed)  # another thread may clear the cache meanwhile
        new_texts = {key: text for text in texts if (key := version_of(text)) not in known}
        parsed = {key: parse(text) for key, text in new_texts.items()}
        valid = [key for key, template in parsed.items() if template.problem is None]
        found = find_variables([parsed[key].body for key in valid])
        for key, variables in zip(valid, found, strict=True):
            parsed[key] = add_variables(parsed[key], variables)
        if len(self._parsed) > 2 * MAX_TEMPLATES:
            self._parsed.clear()
        self._parsed.update(parsed)
        known |= parsed
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


def _template_value(field: FormField, value: FormValue | None, unfenced: frozenset[str]) -> object:
    """A value as the template gets it. Text of several lines may be untrusted, so it is fenced."""
    if isinstance(value, FormFile):
        return f"{' '.join(value.name.split())}\n{fence(value.text)}"
    if field.type == "text" and isinstance(value, str) and field.name not in unfenced:
        return fence(value)
    if value is None:
        return {"list": [], "boolean": False}.get(field.type)
    return value


def location_of(problem: TemplateProblem) -> str:
    """The line and column of a problem, as the command line prints them."""
    if problem.line is None:
        return ""
    column = "" if problem.column is None else f", column {problem.column}"
    return f"Line {problem.line}{column}: "


def _invalid(name: str, problem: TemplateProblem) -> ValidationFailed:
    return ValidationFailed([("template", f"{name}: {location_of(problem)}{problem.message}")])


def _is_name(name: str) -> bool:
    parts = name.split("/")
    return len(name) <= 200 and len(parts) <= 4 and all(map(_is_part, parts))


def _is_part(part: str) -> bool:
    """Whether it can be the name of a file or folder on every system."""
    begins_well = part[:1].isalnum() or part[:1] == "_"
    file = unicodedata.normalize("NFC", f"{part}.md")
    is_file_name = file == file_name(part, ".md", allowed=".()+")
    return begins_well and is_file_name and len(part) <= MAX_PART_CHARACTERS


def _read(path: Path) -> tuple[str, int]:
    """The text of a file, cut one byte after `MAX_BYTES`, and its time of change in ms."""
    with file_errors(f"{path} cannot be read"):
        # The file may have become a link or a pipe meanwhile. These flags prevent following the
        # link and waiting for the pipe.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise StorageFailed(f"{path} is no file")
            data = file.read(MAX_BYTES + 1)
    return data.decode("utf-8", "replace"), int(status.st_mtime * 1_000)


def _read_or_mark(path: Path) -> tuple[str, int]:
    """Like `_read`. A file that cannot be read gives a text for which `parse` says so."""
    try:
        return _read(path)
    except StorageFailed:
        return "\ufffd", 0


def _write(path: Path, text: str) -> None:
    with file_errors(f"{path} cannot be written"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text.encode("utf-8", "replace"))
