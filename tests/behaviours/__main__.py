"""Writes `docs/behaviours.md` and `docs/mutations.md` anew."""

import sys

from tests.behaviours.table import MUTATED, TABLE, missing, render, render_mutations

for path, text in ((TABLE, render()), (MUTATED, render_mutations())):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")
if missing():
    sys.stderr.write(f"no test shows {', '.join(missing())}\n")
