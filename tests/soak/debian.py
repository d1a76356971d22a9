"""The .deb in a bare Debian 12, as an ordinary user: its journeys, its upgrade, its removal.

Needs root, debootstrap, and what `dev.py build all` has made.
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
    """What the source passes end to end, asked of the installed program with its sandbox on."""
    with installed("tidewire-with-model") as (bare, program), driver() as playwright:
        with program.window(playwright, bare.root.parent / "data") as (_, page):
            words = answered(page)
            jailed = sandboxed()
        test = {"TIDEWIRE_TEST_COMMAND": " ".join(program.command)}
        # A place of its own: pytest closes the usual one to others whenever it starts.
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", *JOURNEYS, str(bare.root.parent / "tests")],
            cwd=ROOT,
            env={**os.environ, **test},
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stderr.write(done.stdout[-6000:])
        last = done.stdout.strip().splitlines()[-1]
        doctor = program.run("doctor")
    figures: dict[str, Figure] = {
        "answersInAWindow": words,
        "sandbox": jailed,
        "doctor": doctor.returncode == 0,
        "journeys": last,
    }
    return Result(done.returncode == 0 and words and jailed and doctor.returncode == 0, figures)


def upgrade() -> Result:
    """An older package with a full data directory, the newer one, what is newer still, removal."""
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
        kept = sum(1 for path in (bare.root / DATA).rglob("*") if path.is_file())
    figures = {
        "imported": imported.returncode == 0,
        "conversations": len(after.splitlines()),
        "same": after == before,
        "newerRefused": refused,
        "removalSaysWhere": "~/.local/share/tidewire" in removed,
        "purgeSaysWhere": "~/.local/share/tidewire" in purged or "not installed" in purged,
        "filesLeft": kept,
    }
    ok = all(value for value in figures.values() if isinstance(value, bool))
    return Result(ok and len(after.splitlines()) == CONVERSATIONS and kept > 0, figures)


@contextlib.contextmanager
def installed(name: str, *, older: bool = False) -> Iterator[tuple[Bare, Installed]]:
    """A bare system with the package in it, and the program as its user starts it."""
    with tempfile.TemporaryDirectory() as folder, xvfb() as display:
        bare = Bare(Path(folder) / "root")
        bare.make()
        bare.install(aged(package(name), Path(folder)) if older else package(name))
        yield bare, bare.program(display)


def package(name: str) -> Path:
    """What was built last."""
    return next(DIST.glob(f"{name}_{__version__}_*.deb"))


def aged(made: Path, folder: Path) -> Path:
    """The same package with an earlier number."""
    tree = folder / "older"
    subprocess.run(["dpkg-deb", "-R", str(made), str(tree)], check=True)
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
                    id=f"message-{number}-{place}",
                    parent_id=f"message-{number}-{place - 1}" if place else None,
                    role="assistant" if place % 2 else "user",
                    content=f"word {place} of {number} " * 20,
                    created_at=1_700_000_000_000 + place,
                )
                for place in range(EACH)
            ],
        )
        for number in range(CONVERSATIONS)
    ]


def newer_is_refused(program: Installed, database: Path) -> bool:
    """Whether what a newer program has written is refused in a sentence, and left as it is."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("PRAGMA user_version = 99")
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    told = program.run("conversations", "list")
    same = hashlib.sha256(database.read_bytes()).hexdigest() == before
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA user_version = {number}")
    sentence = told.stderr.strip()
    return told.returncode == 1 and "newer Tidewire" in sentence and "\n" not in sentence and same


def sandboxed() -> bool:
    """Whether a renderer of that user has its own user namespace and filter of system calls, and
    none was told to do without.
    """
    own = Path("/proc/self/ns/user").readlink()
    jailed = told = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes()
            if folder.stat().st_uid != USER or b"QtWebEngineProcess" not in line:
                continue
            filtered = "Seccomp:\t2" in (folder / "status").read_text("utf-8")
            jailed += filtered and (folder / "ns/user").readlink() != own
            told += b"--no-sandbox" in line
    return jailed > 0 and told == 0


CHECKS: dict[str, Check] = {"upgrade": upgrade, "journeys": journeys}
