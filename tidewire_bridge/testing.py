"""The types of the pytest fixtures, for annotations and `except` (docs/testing.md)."""

from shell.providers.testing.echo import EchoProvider
from shell.providers.testing.replay import ReplayProvider
from tidewire_bridge.pytest_plugin import Host, MakeReplay, Refused, StartHost

__all__ = ["EchoProvider", "Host", "MakeReplay", "Refused", "ReplayProvider", "StartHost"]
