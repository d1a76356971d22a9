"""Starts the child process in an environment of uv, in which this package is not installed.

Only this package is imported from the folder of this file. All others come from the environment.
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
