"""Writes `docs/behaviours.md` anew."""

import sys

from tests.behaviours.table import OUTPUT, missing, render

OUTPUT.parent.mkdir(exist_ok=True)
OUTPUT.write_text(render(), "utf-8", newline="\n")
if missing():
    sys.stderr.write(f"no test shows {', '.join(missing())}\n")
