"""The files in the bundle for a Python from uv are all that such a Python needs."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.command import ROOT, environment


def files() -> list[str]:
    """The value of `OF_TOOLS` in the plan of the bundle."""
    plan = ast.parse((ROOT / "packaging" / "tidewire.spec").read_text("utf-8"))
    (value,) = (
        node.value
        for node in plan.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "OF_TOOLS"
    )
    paths: list[str] = list(eval(ast.unparse(value)))  # noqa: S307, our own plan
    return paths


def test_a_tool_file_runs_with_these_files_alone(tmp_path: Path) -> None:
    for name in files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    tool = tmp_path / "mine.py"
    tool.write_text("import shell\ndef where() -> str: return shell.__file__\n", "utf-8")
    with subprocess.Popen(
        [sys.executable, "-P", str(tmp_path / "shell/tools/python/script.py"), str(tool)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(PYTHONPATH=None),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"call": "1", "name": "where", "arguments": {}}\n')
        process.stdin.flush()
        started, described, called = (json.loads(process.stdout.readline()) for _ in range(3))
        process.stdin.close()
    assert started == {"process": process.pid}
    assert described["tools"][0]["problem"] is None
    assert called == {"call": "1", "result": str(tmp_path / "shell" / "__init__.py")}
    assert process.returncode == 0
