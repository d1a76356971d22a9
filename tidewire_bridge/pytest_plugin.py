"""The fixtures for pytest. The import of this package comes first: it says what hides `shell`."""

from shell.testing import *  # noqa: F403 - pytest finds fixtures in the names of a module
