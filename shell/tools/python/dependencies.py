"""Finds out which packages a tool file declares (PEP 723), and starts it with them through uv."""

import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from shell.errors import ErrorCode, ToolError
from shell.support.files import reason

BLOCK = re.compile(r"^# /// script\s*\n((?:#(?: .*)?\n)+?)# ///\s*$", re.MULTILINE)
SCRIPT = Path(__file__).with_name("script.py")
OWN = ("pydantic>=2.14,<3", "docstring-parser>=0.18,<1")
"""What the child process itself needs."""
SHELL_S = 5.0
MARK = "tidewire-path:"


def uv_command(path: Path) -> list[str] | None:
    """The command that runs the child process with the packages of a file; None if it has none.

    Raises:
        ToolError: the file's block is wrong, or uv is missing.
    """
    try:
        block = BLOCK.search(path.read_text("utf-8", "replace"))
    except OSError as error:
        text = f"{path.name} cannot be read ({reason(error)})."
        raise ToolError(ErrorCode.TOOL_FAILED, text) from None
    if block is None:
        return None
    lines = (line[2:] for line in block[1].splitlines())
    try:
        declared = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        text = f"The '# /// script' block of {path.name} is not valid: {error}"
        raise ToolError(ErrorCode.TOOL_FAILED, text) from None
    if not declared.get("dependencies"):
        return None
    uv = find_program("uv")
    if uv is None:
        text = f"{path.name} needs packages, and uv, which installs them, is missing. Install uv."
        raise ToolError(ErrorCode.TOOL_FAILED, text)
    own = (word for package in OWN for word in ("--with", package))
    python = str(declared.get("requires-python") or f">={sys.version_info.major}.11")
    options = ["--no-project", "--isolated", "--quiet", "--python", python, *own]
    return [uv, "run", *options, "--with-requirements", str(path), "python", "-P", str(SCRIPT)]


def find_program(name: str) -> str | None:
    """A program of the PATH, or of the one that the person's login shell has.

    A program that is started from a desktop's menu does not get what the shell's files add.
    """
    return shutil.which(name) or shutil.which(name, path=login_path())


@functools.cache
def login_path() -> str:
    """The PATH of the person's login shell; empty if it does not tell."""
    shell = os.environ.get("SHELL", "")
    if sys.platform == "win32" or not shell:
        return ""
    try:
        told = subprocess.run(  # noqa: S603, the shell that the person has chosen
            [shell, "-lc", f'echo "{MARK}$PATH"'],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SHELL_S,
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = [line for line in told.stdout.splitlines() if line.startswith(MARK)]
    return lines[-1].removeprefix(MARK) if lines else ""
