"""`tidewire` and `tidewire serve`: open the page in a window or in a browser."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shell.bridge.desktop.display import display_problem
from shell.support.data_directory import DataDirectory
from shell.support.environment import take_secrets


def window(data: DataDirectory, **given: Any) -> int:
    """Open the window."""
    # It loads Qt's libraries, which does not hold up what Python loads meanwhile.
    problem = ThreadPoolExecutor(1).submit(display_problem)
    from shell.app import main

    return main.run_window(main.Options(data, take_secrets(), **_known(given)), problem)


def serve(data: DataDirectory, **given: Any) -> int:
    """Serve the page to browsers."""
    from shell.app import main

    return main.serve(main.Options(data, take_secrets(), **_known(given)))


def _known(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
