"""Keeps secrets of the environment from child processes."""

import os
import re
from collections.abc import Iterable, Mapping

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
"""Matches the names of variables that hold a secret."""
_added_names: set[str] = set()
_taken: dict[str, str] = {}


def add_secret_names(names: Iterable[str]) -> None:
    """Treat these variables as secrets, too, whatever their names are."""
    _added_names.update(name.upper() for name in names)


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child process, which gets no secrets."""
    return {name: value for name, value in environ.items() if not _is_secret(name)}


def take_secrets() -> Mapping[str, str]:
    """Remove the secrets from the environment of later child processes, and return the old one,
    with the secrets that earlier calls have removed.

    A web view's processes, a browser and a model's process inherit the environment, and every
    program of the same person can read it there.
    """
    for name in [name for name in os.environ if _is_secret(name)]:
        _taken[name] = os.environ.pop(name)
    return {**os.environ, **_taken}


def _is_secret(name: str) -> bool:
    return name.upper() in _added_names or _SECRET.search(name) is not None
