"""Reads the packages that a tool file declares (PEP 723), and makes the uv command to run it."""

import asyncio
import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

from shell.errors import ToolFailed
from shell.support.files import reason
from shell.tools.search_path import search_path

BLOCK = re.compile(r"^# /// script\s*\n((?:#(?: .*)?\n)+?)# ///\s*$", re.MULTILINE)
SCRIPT = Path(__file__).with_name("script.py")
OWN = ("pydantic>=2.14,<3", "docstring-parser>=0.18,<1")
"""The packages that the child process itself needs."""


async def uv_command(path: Path) -> list[str] | None:
    """Make the command that runs the child process with a file's packages. None if it has none.

    Raises:
        ToolError: the file's block is wrong, or uv is missing.
    """
    try:
        block = BLOCK.search(await asyncio.to_thread(path.read_text, "utf-8", "replace"))
    except OSError as error:
        raise ToolFailed(f"{path.name} cannot be read ({reason(error)}).") from None
    if block is None:
        return None
    lines = (line[2:] for line in block[1].splitlines())
    try:
        declared = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        raise ToolFailed(f"The '# /// script' block of {path.name} is not valid: {error}") from None
    if not declared.get("dependencies"):
        return None
    uv = await find_program("uv")
    if uv is None:
        text = f"{path.name} needs packages, and uv, which installs them, is missing. Install uv."
        raise ToolFailed(text)
    own = (word for package in OWN for word in ("--with", package))
    python = str(declared.get("requires-python") or f">={sys.version_info.major}.11")
    options = ["--no-project", "--isolated", "--quiet", "--python", python, *own]
    return [uv, "run", *options, "--with-requirements", str(path), "python", "-P", str(SCRIPT)]


async def find_program(name: str) -> str | None:
    """Find a program in PATH, or in the PATH of the person's login shell."""
    return shutil.which(name) or shutil.which(name, path=await search_path(os.environ))
