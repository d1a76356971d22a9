"""Starts the child process in an environment that uv has made, where our package is not installed.

Only our package is found where this file lies; all others are those of the environment.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

PACKAGE = Path(__file__).parents[2]

spec = spec_from_file_location(
    "shell", PACKAGE / "__init__.py", submodule_search_locations=[str(PACKAGE)]
)
if spec is None or spec.loader is None:
    raise SystemExit(f"{PACKAGE} is missing")
package = module_from_spec(spec)
sys.modules["shell"] = package
spec.loader.exec_module(package)

from shell.tools.python.child import main  # noqa: E402, our package is known only now

main(sys.argv[1:])
