"""Damages backups at random; each must be refused with an error or restored correctly."""

import os
import random
import tempfile
from pathlib import Path

from shell.errors import ShellError
from shell.store.backup.restore import copy_rows
from shell.store.store import FILE, Store
from tests.soak.result import Check, Result
from tests.store.damage import furnish, open_store
from tests.store.power import memory
from tests.store.test_restore import rows_of

TIMES = int(os.environ.get("TIDEWIRE_SOAK_BACKUPS", "2000"))


def spoilt() -> Result:
    """Change random bytes of an intact database many times, and restore it."""
    chance = random.Random(45)  # noqa: S311
    refused, restored_count, failures = 0, 0, list[str]()
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        folder = Path(name)
        with open_store(folder / "data") as store:
            store.database.write(furnish).result()
            content = store.back_up().result().read_bytes()
        source, target = folder / "spoilt.db", folder / "fresh.db"
        source.write_bytes(content)
        copy_rows(source, target, name="it")
        expected = rows_of(target)
        for number in range(TIMES):
            broken = bytearray(content)
            for _ in range(chance.choice((1, 1, 8, 200))):
                broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
            source.write_bytes(broken)
            target.unlink(missing_ok=True)
            try:
                copy_rows(source, target, name="it")
            except ShellError:
                refused += 1
            except Exception as error:
                failures.append(f"{number}: {error!r}")
            else:
                restored_count += 1
                for table in ("conversations", "messages", "blobs"):
                    if rows_of(target)[table] != expected[table]:
                        failures.append(f"{number}: {table} changed")
                restored = Store(folder / "again")
                restored.path.parent.mkdir(exist_ok=True)
                target.replace(folder / "again" / FILE)
                restored.open()
                restored.close()
    figures = {"spoilt": TIMES, "refused": refused, "whole": restored_count, "wrong": len(failures)}
    return Result(not failures, {**figures, "first": failures[0] if failures else None})


CHECKS: dict[str, Check] = {"spoilt": spoilt}
