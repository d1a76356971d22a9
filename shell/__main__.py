"""`python -m shell`: the same program as `tidewire`."""

import sys

from shell.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
