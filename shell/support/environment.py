"""Environment: what the process was given, and what its children are not."""

import os
import re
from collections.abc import Mapping

SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
"""What variables that hold a secret are called."""


def take_secrets() -> Mapping[str, str]:
    """The environment as it was given; from now on no child process is given its secrets.

    A web view's processes, a browser and a model's process inherit everything, and their
    environments can be read by every program of the same person.
    """
    given = dict(os.environ)
    for name in given:
        if SECRET.search(name):
            del os.environ[name]
    return given
