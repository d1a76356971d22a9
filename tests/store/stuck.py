"""A process that stops in the middle of copying conversations, to be killed there.

    python -m tests.store.stuck FOLDER backup | bundle | elsewhere | restore | repair

It prints "there" when only the last step is left.
"""

import sys
import threading
from pathlib import Path
from unittest.mock import patch

from shell.store.backup import bundle
from shell.store.store import FILE, Store


def stop(*_: object, **__: object) -> None:
    """Print "there", and never return."""
    print("there", flush=True)
    threading.Event().wait()


def main(folder: Path, kind: str) -> None:
    store = Store(folder)
    if kind == "repair":
        store.open()
        store.close()
        store.path.write_bytes(b"rubbish" * 1_000)
        patch("shell.store.search.index.build", stop).start()
        store = Store(folder)
    store.open()
    if kind == "backup":
        patch("shell.store.backup.backups.problem_of", stop).start()
        store.back_up().result()
    elif kind == "bundle":
        store.backups.folder.mkdir()
        patch("shell.store.backup.bundle.problem_of", stop).start()
        store.bundle(store.backups.folder / "tidewire-now.zip").result()
    elif kind == "elsewhere":  # as `tidewire backup` does, beside whatever host there is
        store.close()
        patch("shell.store.backup.bundle.problem_of", stop).start()
        bundle.write(folder.parent / "elsewhere" / "tidewire-now.zip", store.path)
    elif kind == "restore":
        made = store.back_up().result()
        patch("shell.store.search.index.build", stop).start()
        store.restore(made).result()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
    sys.exit(f"{FILE} was written to the end")
