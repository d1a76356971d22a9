"""`python -m shell.program COMMAND`, in the folder of a program that `tidewire new` has made.

types           write page/src/contract.ts from app.py
dev [--window]  the program with hot reload, in the browser or in its window
build           the page, and the program as a folder in dist/ (needs `pip install pyinstaller`)
"""

import importlib
import os
import sys
from pathlib import Path

from shell.embed import DEV_URL, App
from shell.errors import ShellError
from shell.program.build import build
from shell.program.develop import develop
from shell.program.new import write_types


def main(arguments: list[str]) -> int:
    """Carry out one command; returns the exit status."""
    folder = Path.cwd()
    match arguments:
        case ["types"]:
            # The page need not be built for its types.
            os.environ[DEV_URL] = "http://127.0.0.1:0"
            app: App = importlib.import_module("app").app
            changed = write_types(folder, dict(app.namespaces))
            print("page/src/contract.ts: written" if changed else "page/src/contract.ts: unchanged")
            return 0
        case ["dev"]:
            return develop(folder, window=False)
        case ["dev", "--window"]:
            return develop(folder, window=True)
        case ["build"]:
            return build(folder)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ShellError, ValueError) as error:
        sys.exit(str(error))
