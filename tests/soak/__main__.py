"""Runs long checks and prints one line of JSON for each: `python -m tests.soak [NAME ...]`.

NAME is a module of this package with `CHECKS`, a mapping of names to functions. `NAME.CHECK` runs
one of its checks. Without names all checks run. The exit status is 1 when a check failed.
"""

import argparse
import importlib
import json
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.soak.result import Check, Result


def main(arguments: list[str]) -> int:
    """Run the named checks; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_modules()))
    names = parser.parse_args(arguments).names or _modules()
    status = 0
    for name, check in [pair for selected in names for pair in _checks(selected)]:
        started_at = time.monotonic()
        try:
            result = check()
        except Exception as error:
            traceback.print_exc()
            result = Result(False, {"error": repr(error)})
        seconds = round(time.monotonic() - started_at, 1)
        line = {"check": name, "ok": result.ok, "seconds": seconds, **result.figures}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        status = status if result.ok else 1
    return status


def _modules() -> list[str]:
    here = str(Path(__file__).parent)
    names = [module.name for module in pkgutil.iter_modules([here])]
    return sorted(set(names) - {"__main__", "result"})


def _checks(selected: str) -> Iterator[tuple[str, Check]]:
    module_name, _, only = selected.partition(".")
    if module_name not in _modules():
        sys.exit(f"There is no long check {module_name!r}; there are {', '.join(_modules())}")
    checks: Mapping[str, Check] = getattr(
        importlib.import_module(f"tests.soak.{module_name}"), "CHECKS", {}
    )
    if only and only not in checks:
        sys.exit(f"There is no check {only!r} in {module_name}; there are {', '.join(checks)}")
    for name, check in checks.items():
        if not only or name == only:
            yield f"{module_name}.{name}", check


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
