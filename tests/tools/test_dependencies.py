"""Tool files that need packages: a real uv, and packages that are on this machine already."""

import asyncio
import importlib.metadata
import os
import sys
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

from shell.errors import ToolError
from shell.tools.python import dependencies
from shell.tools.python.dependencies import find_program, uv_command
from shell.tools.python.process import last_sentence
from shell.tools.python.source import PythonFile
from tests.command import ROOT
from tests.tools.processes import tool_processes, until

pytestmark = pytest.mark.anyio

NEEDED = (
    *("pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection"),
    "docstring-parser",
)
BLOCK = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["tides==1.5"]\n# ///\n'
FILE = (
    BLOCK
    + """
import sys, tides
from shell.tools import tool

@tool(reads=False, brings=False, sends=False)
def tide(at: int) -> str:
    return f"{tides.height(at)} {sorted(set(sys.modules) & {'httpx2', 'apsw', 'pytest'})}"
"""
)


def pack(folder: Path, name: str, version: str, files: dict[str, bytes], tag: str) -> None:
    """Write a wheel."""
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)


def pack_installed(folder: Path, name: str) -> None:
    """Build the wheel of an installed package again."""
    package = importlib.metadata.distribution(name)
    files = {
        str(file): Path(str(file.locate())).read_bytes()
        for file in package.files or ()
        if not str(file).startswith("..") and "__pycache__" not in str(file)
    }
    wheel_metadata = package.read_text("WHEEL") or ""
    tag = next(line.split()[1] for line in wheel_metadata.splitlines() if line.startswith("Tag:"))
    pack(folder, name, package.version, files, tag)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only source of packages for uv, whose cache is empty."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in NEEDED:
        pack_installed(folder, name)
    dist_info = "tides-1.5.dist-info"
    pack(
        folder,
        "tides",
        "1.5",
        {
            "tides.py": b"def height(at): return at * 2",
            f"{dist_info}/METADATA": b"Metadata-Version: 2.1\nName: tides\nVersion: 1.5\n",
            f"{dist_info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{dist_info}/RECORD": b"",
        },
        "py3-none-any",
    )
    uv = Path(find_uv_bin()).parent
    monkeypatch.setenv("PATH", f"{uv}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return folder


async def test_a_file_gets_the_packages_that_it_declares(packages: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE, "utf-8")
    source = PythonFile(path)
    (tool,) = await source.list()
    assert tool.problem is None
    assert tool.parameters["properties"] == {"at": {"type": "integer"}}
    assert await source.call(tool, {"at": 4}, lambda line: None) == "8 []"
    await source.close()


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
@pytest.mark.usefixtures("own_processes")
async def test_the_processes_of_uv_end_with_their_parent(packages: Path, tmp_path: Path) -> None:
    started_file = tmp_path / "began"
    text = f"{FILE}\nimport time; open({str(started_file)!r}, 'w').close(); time.sleep(1000)\n"
    (tmp_path / "mine.py").write_text(text, "utf-8")
    script = f"""
import asyncio
from pathlib import Path
from shell.tools.python.source import PythonFile
from tests.command import ROOT
from tests.tools.processes import tool_processes, until
asyncio.run(PythonFile(Path({str(tmp_path / "mine.py")!r})).list())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=ROOT)
    await until(started_file.exists)
    assert len(tool_processes()) > 1
    parent.kill()
    await parent.wait()
    await until(lambda: tool_processes() == [])


async def test_packages_that_cannot_be_had_are_named(packages: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FILE.replace("tides==1.5", "tides==1.6"), "utf-8")
    source = PythonFile(path)
    (tool,) = await source.list()
    assert "tides==1.6" in str(tool.problem)
    await source.close()


async def test_without_uv_the_reason_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find_nothing(name: str) -> None:
        return None

    monkeypatch.setattr(dependencies, "find_program", find_nothing)
    path = tmp_path / "mine.py"
    path.write_text(FILE, "utf-8")
    (tool,) = await PythonFile(path).list()
    assert tool.problem == (
        "mine.py needs packages, and uv, which installs them, is missing. Install uv."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# /// script\n# dependencies = [\n# ///\n", "is not valid"),
        ("", None),
        ("# /// script\n# requires-python = '>=3.11'\n# ///\n", None),
        ("# /// script\n# dependencies = []\n# ///\n", None),
        ("'''\n# not a block'''\n", None),
    ],
)
async def test_only_a_file_that_declares_packages_needs_uv(
    tmp_path: Path, text: str, message: str | None
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text, "utf-8")
    if message is None:
        assert await uv_command(path) is None
        return
    with pytest.raises(ToolError, match=message):
        await uv_command(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no login shells")
async def test_a_program_of_the_login_shells_path_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started from a menu, the program does not have the PATH that the person sees."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (
        ("frobnicate", ""),
        ("shell", f'echo "Welcome: $PATH"; PATH="$PATH:{tools}"; eval "$2"'),
    ):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (tools / name).chmod(0o700)
    monkeypatch.setenv("SHELL", str(tools / "shell"))
    assert await find_program("frobnicate") == str(tools / "frobnicate")
    assert await find_program("frobnicated") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no login shells")
@pytest.mark.parametrize("step_s", [0, 0.01], ids=["while it starts", "when it runs"])
async def test_a_login_shell_that_takes_too_long_leaves_no_lock_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_s: float
) -> None:
    """The start-up files hold a lock until they end, as those of pyenv do."""
    shell, lock = tmp_path / "shell", tmp_path / "lock"
    program = f"""#!/bin/sh
trap "echo released > '{lock}'; exit" HUP
echo held > '{lock}'
sleep 600
"""
    shell.write_text(program, "utf-8")
    shell.chmod(0o700)
    monkeypatch.setenv("SHELL", str(shell))
    search_task = asyncio.create_task(find_program("frobnicate"))
    while not lock.exists():  # noqa: ASYNC110, the task's first steps lie between these
        await asyncio.sleep(step_s)
    search_task.cancel()
    await asyncio.gather(search_task, return_exceptions=True)
    assert lock.read_text("utf-8") == "released\n"


def test_a_reason_that_uv_has_wrapped_is_told_whole() -> None:
    wrapped = (
        "  × No solution found when resolving `--with` dependencies:\n"
        "  ╰─▶ Because there is no version of tides==1.6 and you require\n"
        "      tides==1.6, we can conclude that your requirements are\n"
        "      unsatisfiable.\n"
    )
    assert last_sentence(wrapped) == (
        "Because there is no version of tides==1.6 and you require tides==1.6, we can conclude that"
        " your requirements are unsatisfiable."
    )
    assert last_sentence("Traceback:\n  File x\nOSError: no\n") == "OSError: no"
    assert last_sentence("") == ""
