"""Runs a request that was copied as code."""

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path


async def run_copy(code: str, program: str, environment: Mapping[str, str], folder: Path) -> None:
    """Give the code to a program on its standard input, and wait until it has ended well."""
    done = await asyncio.to_thread(
        subprocess.run,
        program,
        input=code.encode(),
        capture_output=True,
        env=dict(environment),
        cwd=folder,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
