"""`tidewire` and `tidewire serve`: open the page in a window or in a browser."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shell.bridge.desktop.display import display_problem
from shell.support.data_directory import DataDirectory
from shell.support.environment import take_secrets


def window(data: DataDirectory, *, new_window: bool, **given: Any) -> int | None:
    """Open the window, or show the window of the running program."""
    # It loads Qt's libraries in a thread, while Python loads other modules.
    problem = ThreadPoolExecutor(1).submit(display_problem)
    from shell.app import main
    from shell.cli.running import show_or_start

    known = _known(given)
    options = main.Options(data, take_secrets(), **known)
    status = show_or_start(
        data, new_window=new_window, start=lambda: main.run_window(options, problem)
    )
    if status is None:
        target = "another window" if new_window else "its window"
        unused = [f"--{name.replace('_', '-')}" for name in known]
        more = f" Not used: {', '.join(unused)}." if unused else ""
        print(f"tidewire: already running; showing {target}.{more}", file=sys.stderr)
    return status


def serve(data: DataDirectory, **given: Any) -> int:
    """Serve the page to browsers."""
    from shell.app import main

    return main.serve(main.Options(data, take_secrets(), **_known(given)))


def _known(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
