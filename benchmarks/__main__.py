"""Runs benchmarks: `python -m benchmarks [NAME [ARGUMENT ...]]`; without a name all of them.

A module or package of this package that has `main(arguments)` is one NAME; it says with `--help`
what it takes. The status is 1 when a bar was missed or something came out wrong.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

NO_BENCHMARKS = {"__main__", "machine"}


def names() -> list[str]:
    """The names of all benchmarks."""
    modules = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    return sorted(modules - NO_BENCHMARKS)


def main(arguments: list[str]) -> int:
    """Run the named benchmarks. Returns the exit status."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(f"{__doc__}\nNAME is one of: {', '.join(names())}")
        return 0
    if not arguments or arguments[0].startswith("-"):
        return max(_run(name, arguments) for name in names())
    if arguments[0] not in names():
        print(f"No benchmark is called {arguments[0]!r}: {', '.join(names())}", file=sys.stderr)
        return 2
    return _run(arguments[0], arguments[1:])


def _run(name: str, arguments: list[str]) -> int:
    status: int = importlib.import_module(f"benchmarks.{name}").main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
