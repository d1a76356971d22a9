"""The .deb in a bare Debian 12, as an ordinary user: its journeys, its upgrade, its removal.

Needs root, debootstrap, and the packages of `dev.py build all`.
"""

import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shell import __version__
from shell.store.exchange.archive import write
from shell.store.exchange.portable import PortableConversation, PortableMessage
from tests.chromium import driver
from tests.command import ROOT
from tests.packaging.bare import Bare
from tests.packaging.enter import USER
from tests.packaging.installed import Installed, answered, xvfb
from tests.soak.result import Check, Figure, Result

DIST = ROOT / "dist"
CONVERSATIONS = 300
EACH = 10
"""Messages of each."""
DATA = "home/you/.local/share/tidewire"
JOURNEYS = ("tests/e2e", "-q", "-n", "0", "-p", "no:cacheprovider", "--basetemp")


def journeys() -> Result:
    """Run the end-to-end tests against the installed program, with its sandbox on."""
    with installed("tidewire-with-model") as (bare, program), driver() as playwright:
        with program.window(playwright, bare.root.parent / "data") as (_, page):
            has_answered = answered(page)
            is_in_sandbox = is_sandboxed()
        test = {"TIDEWIRE_TEST_COMMAND": " ".join(program.command)}
        # A separate base folder, because pytest removes others' access to the usual one.
        completed = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", *JOURNEYS, str(bare.root.parent / "tests")],
            cwd=ROOT,
            env={**os.environ, **test},
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stderr.write(completed.stdout[-6000:])
        last_line = completed.stdout.strip().splitlines()[-1]
        doctor = program.run("doctor")
    figures: dict[str, Figure] = {
        "answersInAWindow": has_answered,
        "sandbox": is_in_sandbox,
        "doctor": doctor.returncode == 0,
        "journeys": last_line,
    }
    return Result(
        completed.returncode == 0 and has_answered and is_in_sandbox and doctor.returncode == 0,
        figures,
    )


def upgrade() -> Result:
    """Upgrade from an older package with data, open the data of a newer one, and remove it."""
    with installed("tidewire", older=True) as (bare, program):
        source = bare.root / "home/you/before.json"
        source.write_text("".join(write(conversations())), "utf-8")
        imported = program.run("conversations", "import", "before.json")
        before = program.run("conversations", "list", "--json").stdout
        bare.install(package("tidewire"))
        after = program.run("conversations", "list", "--json").stdout
        database = next((bare.root / DATA).glob("*.db"))
        refused = newer_is_refused(program, database)
        removed = bare.apt("remove", "tidewire")
        purged = bare.apt("purge", "tidewire")
        remaining_files = sum(1 for path in (bare.root / DATA).rglob("*") if path.is_file())
    figures = {
        "imported": imported.returncode == 0,
        "conversations": len(after.splitlines()),
        "same": after == before,
        "newerRefused": refused,
        "removalSaysWhere": "~/.local/share/tidewire" in removed,
        "purgeSaysWhere": "~/.local/share/tidewire" in purged or "not installed" in purged,
        "filesLeft": remaining_files,
    }
    ok = all(value for value in figures.values() if isinstance(value, bool))
    return Result(ok and len(after.splitlines()) == CONVERSATIONS and remaining_files > 0, figures)


@contextlib.contextmanager
def installed(name: str, *, older: bool = False) -> Iterator[tuple[Bare, Installed]]:
    """Install the package in a bare system; yields the system and the program in it."""
    with tempfile.TemporaryDirectory() as folder, xvfb() as display:
        bare = Bare(Path(folder) / "root")
        bare.make()
        bare.install(with_older_version(package(name), Path(folder)) if older else package(name))
        yield bare, bare.program(display)


def package(name: str) -> Path:
    """The package of this version in `dist`."""
    return next(DIST.glob(f"{name}_{__version__}_*.deb"))


def with_older_version(package_file: Path, folder: Path) -> Path:
    """Repackage with an older version number; returns the new file."""
    tree = folder / "older"
    subprocess.run(["dpkg-deb", "-R", str(package_file), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^Version: .*$", "Version: 0.0.1", control.read_text("utf-8")))
    target = folder / "older.deb"
    subprocess.run(["dpkg-deb", "-Znone", "-b", str(tree), str(target)], check=True)
    shutil.rmtree(tree)
    return target


def conversations() -> list[PortableConversation]:
    """A full data directory."""
    return [
        PortableConversation(
            id=f"conversation-{number}",
            title=f"About the tide {number}",
            created_at=1_700_000_000_000 + number,
            updated_at=1_700_000_000_000 + number,
            messages=[
                PortableMessage(
                    id=f"message-{number}-{index}",
                    parent_id=f"message-{number}-{index - 1}" if index else None,
                    role="assistant" if index % 2 else "user",
                    content=f"word {index} of {number} " * 20,
                    created_at=1_700_000_000_000 + index,
                )
                for index in range(EACH)
            ],
        )
        for number in range(CONVERSATIONS)
    ]


def newer_is_refused(program: Installed, database: Path) -> bool:
    """Whether the program refuses a newer database with one sentence, and does not change it."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("PRAGMA user_version = 99")
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    completed = program.run("conversations", "list")
    is_unchanged = hashlib.sha256(database.read_bytes()).hexdigest() == before
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA user_version = {number}")
    message = completed.stderr.strip()
    return (
        completed.returncode == 1
        and "newer Tidewire" in message
        and "\n" not in message
        and is_unchanged
    )


def is_sandboxed() -> bool:
    """Whether that user's renderer processes are sandboxed.

    At least one must have its own user namespace and a filter of system calls, and the command line
    of none may have `--no-sandbox`.
    """
    own = Path("/proc/self/ns/user").readlink()
    confined = unsandboxed = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes()
            if folder.stat().st_uid != USER or b"QtWebEngineProcess" not in line:
                continue
            is_filtered = "Seccomp:\t2" in (folder / "status").read_text("utf-8")
            confined += is_filtered and (folder / "ns/user").readlink() != own
            unsandboxed += b"--no-sandbox" in line
    return confined > 0 and unsandboxed == 0


CHECKS: dict[str, Check] = {"upgrade": upgrade, "journeys": journeys}
