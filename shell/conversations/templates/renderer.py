"""Checks and fills in templates in a child process. A hostile template can end only that one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from shell.contract import TemplateProblem, TemplateProblemCode
from shell.conversations.templates.child import CPU_S, CPU_TIME_EXCEEDED
from shell.tools.python.process import tool_environment

WAIT_S = 30.0
"""Longest wait for the child process. Its limit of processor time is short, but a busy machine may
grant that time late."""
SLOW = TemplateProblem.of(TemplateProblemCode.TOO_SLOW, limit=round(CPU_S * 1_000))
ENDED = TemplateProblem.of(TemplateProblemCode.TOO_MUCH_MEMORY)


def child_command() -> list[str]:
    """The command of the child process, in a Python environment or a built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--template-child"]
    return [sys.executable, "-P", "-m", "shell.conversations.templates.child"]


def find_variables(bodies: Sequence[str]) -> list[list[str] | TemplateProblem]:
    """The variables of each text, or its problem. Blocks."""
    answers = _run_child([{"body": body, "values": None} for body in bodies])
    return [item if isinstance(item, TemplateProblem) else item["variables"] for item in answers]


def fill_in(body: str, values: Mapping[str, object]) -> tuple[str | None, str] | TemplateProblem:
    """The texts of the system and the user, or the problem of the template. Blocks."""
    answer = _run_child([{"body": body, "values": dict(values)}])[0]
    return answer if isinstance(answer, TemplateProblem) else (answer["system"], answer["user"])


def _run_child(requests: Sequence[Mapping[str, object]]) -> list[Any]:
    """The answers to all requests. For a request that ends the process, the answer is a problem."""
    answers: list[Any] = []
    while len(answers) < len(requests):
        lines = "".join(json.dumps(item) + "\n" for item in requests[len(answers) :])
        status, output = _run_process(lines)
        items = [json.loads(line) for line in output.splitlines(keepends=True) if line[-1] == "\n"]
        for item in items:
            if "problem" in item:
                code, line, column, facts = item["problem"]
                item = TemplateProblem.of(TemplateProblemCode[code], line, column, **facts)
            answers.append(item)
        if len(answers) < len(requests):
            was_slow = status in (CPU_TIME_EXCEEDED, None, -getattr(signal, "SIGPROF", 0))
            answers.append(SLOW if was_slow else ENDED)
    return answers


def _run_process(lines: str) -> tuple[int | None, str]:
    """Run the process. Returns its exit status, which is None after a timeout, and its output."""
    try:
        process = subprocess.run(  # noqa: S603
            child_command(),
            input=lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=tool_environment(os.environ),
            timeout=WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        # After a timeout, `subprocess` gives the output as bytes, whatever the encoding.
        return None, (error.stdout or b"").decode("utf-8", "ignore")
    return process.returncode, process.stdout
