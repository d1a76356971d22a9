"""Copies the template of a program into a new folder."""

import re
import runpy
import shutil
from pathlib import Path

from shell import __version__
from shell.errors import ShellError, ValidationFailed
from tidewire_bridge.program.types import render

TEMPLATE = Path(__file__).parent / "template"
CONTRACT = Path("page", "src", "contract.ts")
NEXT = """\
{folder} is there. Next:
    cd {name}
    (cd page && npm install)
    python -m tidewire_bridge dev           in the browser; --window for the window
    python -m tidewire_bridge types         page/src/contract.ts anew; dev does so by itself
    (cd page && npm run build) && python app.py
    python -m pytest                        in both shells; needs pytest and playwright"""
NOT_PUBLISHED = """
The npm package `tidewire` is not published yet, so `npm install` does not find it. Copy the
tidewire-{version}.tgz of `dev.py build npm` into {name}/page and type there, once,
    npm install ./tidewire-{version}.tgz
With `new NAME --npm tidewire-{version}.tgz` this is done for you."""


def create(parent: Path, name: str, npm: Path | None = None) -> Path:
    """Write a working program, as a start for one's own.

    Args:
        parent: the folder in which its folder is made.
        name: of the folder and of the program.
        npm: the packed npm package, to copy into the program; None to use the registry.

    Returns:
        The folder.

    Raises:
        ValidationFailed: the name is invalid or taken, or there is no such package.
    """
    folder = parent / name
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", name):
        text = "A name is made of small letters, digits and -, and begins with a letter"
        raise ValidationFailed([("name", text)])
    if name == "shell":
        text = "`shell` is the name of a package that the bridge needs. Choose another name"
        raise ValidationFailed([("name", text)])
    if folder.exists():
        raise ValidationFailed([("name", f"{folder} is there already. Choose another name")])
    if npm is not None and not npm.is_file():
        raise ValidationFailed([("npm", f"There is no file {npm}")])
    if npm is not None and npm.suffix != ".tgz":
        text = f"{npm} is no packed npm package. Give the tidewire-{__version__}.tgz"
        raise ValidationFailed([("npm", f"{text} that `dev.py build npm` leaves in dist/")])
    values = {"name": name, "tidewire": f"file:{npm.name}" if npm else f"^{__version__}"}
    for path in TEMPLATE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            text = re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], path.read_text("utf-8"))
            target = folder / path.relative_to(TEMPLATE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
    if npm is not None:
        shutil.copyfile(npm, folder / "page" / npm.name)
    write_types(folder, runpy.run_path(str(folder / "app.py"))["app"].namespaces)
    return folder


def next_steps(folder: Path, npm: Path | None) -> str:
    """Describe the next steps after `create`."""
    text = NEXT if npm else NEXT + NOT_PUBLISHED
    return text.format(folder=folder, name=folder.name, version=__version__)


def write_types(folder: Path, namespaces: dict[str, object]) -> bool:
    """Write the page's types of a program; returns whether they changed.

    Raises:
        ShellError: the program has no page in TypeScript.
    """
    file, text = folder / CONTRACT, render(namespaces)
    if file.exists() and file.read_text("utf-8") == text:
        return False
    if not file.parent.is_dir():
        page = Path(CONTRACT).parent
        raise ShellError(f"There is no folder {page} for the types of the page here")
    file.write_text(text, "utf-8")
    return True
