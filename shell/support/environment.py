"""Keeps secrets of the environment from child processes."""

import os
import re
from collections.abc import Mapping

SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
"""Matches the names of variables that hold a secret."""


def take_secrets() -> Mapping[str, str]:
    """Remove the secrets from the environment of later child processes, and return the old one.

    A web view's processes, a browser and a model's process inherit the environment, and every
    program of the same person can read it there.
    """
    full_environment = dict(os.environ)
    for name in full_environment:
        if SECRET.search(name):
            del os.environ[name]
    return full_environment
