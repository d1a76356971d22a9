"""Writes a working tool file as a template for a person's own tool."""

import builtins
import keyword
import re
from pathlib import Path

from shell.errors import StorageFailed, ValidationFailed
from shell.support.files import reason

MAX_FILES = 100
"""Further files in the folder of tools are ignored."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")
TEMPLATE = '''"""Public functions with type hints are tools. A change is used once it is saved."""

from shell.tools import tool

# A file that needs packages names them in a block like this one, and uv installs them:
#
#     # /// script
#     # dependencies = ["humanize"]
#     # ///


@tool(reads=False, brings=False, sends=False)
def NAME(text: str, most: int = 3) -> dict[str, int]:
    """Count the most frequent words of a text.

    Args:
        text: the text
        most: how many words to return
    """
    # reads: it reads private data. brings: its results come from strangers, such as a web page.
    # sends: it changes something, or sends data out. A flag that is left out is True.
    words = text.lower().split()
    counts = {word: words.count(word) for word in sorted(set(words))}
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:most])
'''


def write_free_template(folder: Path) -> Path:
    """Write the template under the first name that is free; returns its path.

    Raises:
        ValidationFailed: no name is free.
        StorageFailed: the file cannot be written.
    """
    names = ("my_tool", *(f"my_tool_{number}" for number in range(2, MAX_FILES)))
    free = (name for name in names if not (folder / f"{name}.py").exists())
    return write_template(folder, next(free, names[-1]))


def write_template(folder: Path, name: str) -> Path:
    """Write a new file with one function; returns its path.

    Args:
        folder: the folder of tools. It is created if it is missing.
        name: the name of the file and of its function.

    Raises:
        ValidationFailed: the name is not valid, or is taken.
        StorageFailed: the file cannot be written.
    """
    stem = name.removesuffix(".py")
    if not NAME.fullmatch(stem):
        text = f"{name[:60]!r} cannot be a tool's name: use a-z, 0-9 and _, such as my_notes"
        raise ValidationFailed([("name", text)])
    if keyword.iskeyword(stem) or hasattr(builtins, stem):
        text = f"{stem} is a name of Python itself. Choose another one, such as my_{stem}"
        raise ValidationFailed([("name", text)])
    path = folder / f"{stem}.py"
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.replace("NAME", stem))
    except FileExistsError as error:
        if error.filename != str(path):
            raise StorageFailed(f"{folder} is no folder") from None
        raise ValidationFailed([("name", f"{path} is there already")]) from None
    except OSError as error:
        raise StorageFailed(f"{path} cannot be written ({reason(error)})") from None
    return path
