"""`python -m tidewire_bridge COMMAND`: makes, develops and builds a program of your own."""

import sys

from shell.errors import ShellError
from tidewire_bridge.program.commands import main

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ShellError, ValueError) as error:
        sys.exit(str(error))
