"""`python -m tidewire_bridge COMMAND`.

new NAME        make a program in a new folder (--npm FILE: the packed npm package)

In the folder of a program that was made so:

types           write page/src/contract.ts from app.py
dev [--window]  the program with hot reload, in the browser or in its window
build           the page, and the program as a folder in dist/ (needs `pip install pyinstaller`);
                with --whole-qt also the parts of Qt that a web view does not use
"""

import importlib
import sys
import traceback
from pathlib import Path

from shell.bridge.signatures import WrongSignatures
from shell.embed import App
from shell.errors import ShellError
from tidewire_bridge.program.build import build
from tidewire_bridge.program.develop import develop
from tidewire_bridge.program.new import create, next_steps, write_types

COMMANDS = ("new", "types", "dev", "build")


def main(arguments: list[str]) -> int:
    """Carry out one command; returns the exit status."""
    folder = Path.cwd()
    if {"-h", "--help"} & {*arguments}:
        print(__doc__)
        return 0
    match arguments:
        case ["new", name, *rest] if not rest or (rest[0] == "--npm" and len(rest) == 2):
            npm = Path(rest[1]) if rest else None
            print(next_steps(create(folder, name, npm), npm))
            return 0
        case ["types"]:
            changed = write_types(folder, dict(_app().namespaces))
            print("page/src/contract.ts: written" if changed else "page/src/contract.ts: unchanged")
            return 0
        case ["dev", *rest] if rest in ([], ["--window"]):
            _need_program()
            return develop(folder, window=bool(rest))
        case ["build", *rest] if rest in ([], ["--whole-qt"]):
            app = _app()
            write_types(folder, dict(app.namespaces))
            return build(folder, needs_application=app.data is not None, whole_qt=bool(rest))
        case [name, *_] if name not in COMMANDS:
            print(f"There is no command {name!r}\n", file=sys.stderr)
    print(__doc__, file=sys.stderr)
    return 2


def _app() -> App:
    """Import the program in this folder."""
    _need_program()
    try:
        module = importlib.import_module("app")
    except (ShellError, WrongSignatures):
        raise
    except Exception as error:
        # Skip the import's own frames, which are before those of the program.
        frames, file = error.__traceback__, str(Path("app.py").absolute())
        while frames is not None and frames.tb_frame.f_code.co_filename != file:
            frames = frames.tb_next
        traceback.print_exception(error.with_traceback(frames))
        sys.exit(1)
    app = getattr(module, "app", None)
    if not isinstance(app, App):
        raise ShellError("app.py has no program: its last lines need `app = App(...)`")
    return app


def _need_program() -> None:
    if not Path("app.py").exists():
        raise ShellError("There is no app.py here. Type this in the folder of your program")
