"""The frozen program's first module."""

import sys

from shell.cli import main

sys.exit(main())
