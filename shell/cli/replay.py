"""`tidewire replay`: prints a recorded answer again, at its own pace or another."""

import time
from pathlib import Path

from shell.cli.ask import TextOutput, write_json
from shell.contract import ErrorEvent
from shell.providers.recordings import read_recording
from shell.support.data_directory import DataDirectory


def replay(data: DataDirectory, *, file: str, speed: float, as_json: bool) -> int:
    """Print a recording as `ask` printed the answer. Executes nothing of it."""
    events = read_recording(Path(file)).events
    write = write_json if as_json else TextOutput().write
    began = time.monotonic()
    for event in events:
        due = began + event.ms / 1000 / speed
        time.sleep(max(0.0, due - time.monotonic()))
        write(event)
    return 1 if isinstance(events[-1], ErrorEvent) else 0
