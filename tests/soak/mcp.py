"""MCP: the protocol's conformance suite, and starts, stops and kills of servers.

The client scenarios run through our own servers of tools, each at every revision of the protocol
that requires it.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.command import ROOT
from tests.soak.result import Check, Figure, Result
from tests.tools.mcp_restarts import restarts

REVISIONS = ("2025-11-25", "2026-07-28")
SUITE = ROOT / "node_modules" / "@modelcontextprotocol" / "conformance"
OLD_NODE = ROOT / "tests" / "tools" / "node20.mjs"
LONGEST_S = 120


def conformance() -> Result:
    """Run every scored scenario. The figures name the failed ones with their checks."""
    figures: dict[str, Figure] = {}
    is_ok = True
    for revision in REVISIONS:
        scenarios = _required(revision)
        failed = 0
        for scenario in scenarios:
            failures = _failures(scenario, revision)
            print(f"{revision} {scenario}: {failures or 'passed'}", file=sys.stderr, flush=True)
            if failures:
                failed += 1
                figures[f"{revision} {scenario}"] = failures
        figures[f"{revision} scored"] = len(scenarios)
        figures[f"{revision} passed"] = len(scenarios) - failed
        is_ok = is_ok and not failed and bool(scenarios)
    return Result(is_ok, figures)


def _required(revision: str) -> list[str]:
    """The scenarios for clients of a revision."""
    lines = (SUITE / "requirements" / f"{revision}.yaml").read_text("utf-8").splitlines()
    section = lines[lines.index("client:") + 1 :]
    count = next(i for i, line in enumerate(section) if line and not line.startswith(" "))
    return [line.removeprefix("  - ") for line in section[:count] if line.startswith("  - ")]


def _failures(scenario: str, revision: str) -> str:
    """The failed checks of a scenario, as text; empty if it passed."""
    node = shutil.which("node")
    assert node is not None
    with tempfile.TemporaryDirectory() as folder:
        completed = subprocess.run(
            [
                *(node, "--import", OLD_NODE.as_uri(), str(SUITE / "dist" / "index.js"), "client"),
                *("--command", f"{sys.executable} -m tests.tools.conformance_client"),
                *("--scenario", scenario, "--spec-version", revision, "--output-dir", folder),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        if completed.returncode == 0:
            return ""
        failures = [
            f"{check['id']}: {check.get('errorMessage') or check['description']}"
            for file in Path(folder).rglob("checks.json")
            for check in json.loads(file.read_text("utf-8"))
            if check["status"] == "FAILURE"
        ]
        return "; ".join(failures) or completed.stderr[-500:] or "failed"


CHECKS: dict[str, Check] = {"conformance": conformance, "restarts": restarts}
