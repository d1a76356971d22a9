"""Finds the environment variables that hold the keys of added providers.

It loads no pydantic, so that a window's start can call it before the first child process.
"""

import json
from pathlib import Path

from shell.support.environment import add_secret_names

FILE = "providers.json"


def protect_key_variables(data: Path) -> None:
    """Keep the keys of a data directory's providers from child processes.

    If the file cannot be read, its providers are not used either.
    """
    try:
        providers = json.loads((data / FILE).read_bytes())["providers"]
        # A person who edits the file may use either spelling.
        names = [each.get("keyEnv") or each.get("key_env") for each in providers]
        add_secret_names([name for name in names if name])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
