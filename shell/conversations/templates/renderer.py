"""Has a child process check and fill in templates. A hostile template can only end that process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from shell.contract import TemplateProblem, TemplateProblemCode
from shell.conversations.templates.child import CPU_S, TOO_LONG
from shell.tools.python.process import tool_environment

WAIT_S = 30.0
"""Longest wait for a process, which has little time of the processor but may get it late."""
SLOW = TemplateProblem.of(TemplateProblemCode.TOO_SLOW, limit=round(CPU_S * 1_000))
ENDED = TemplateProblem.of(TemplateProblemCode.TOO_MUCH_MEMORY)


def child_command() -> list[str]:
    """The command of the child process, in a Python environment or a built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--template-child"]
    return [sys.executable, "-P", "-m", "shell.conversations.templates.child"]


def find_variables(bodies: Sequence[str]) -> list[list[str] | TemplateProblem]:
    """The variables of each text, or what is wrong with it. Blocks."""
    answers = _ask([{"body": body, "values": None} for body in bodies])
    return [
        answer if isinstance(answer, TemplateProblem) else answer["variables"] for answer in answers
    ]


def fill_in(body: str, values: Mapping[str, object]) -> tuple[str | None, str] | TemplateProblem:
    """What the system and the user say, or what is wrong with the text. Blocks."""
    answer = _ask([{"body": body, "values": dict(values)}])[0]
    return answer if isinstance(answer, TemplateProblem) else (answer["system"], answer["user"])


def _ask(requests: Sequence[Mapping[str, object]]) -> list[Any]:
    """The answers to all requests. One that ends the process is answered by how it ended."""
    answers: list[Any] = []
    while len(answers) < len(requests):
        lines = "".join(json.dumps(each) + "\n" for each in requests[len(answers) :])
        status, output = _run(lines)
        found = [json.loads(line) for line in output.splitlines(keepends=True) if line[-1] == "\n"]
        for each in found:
            if "problem" in each:
                code, line, column, facts = each["problem"]
                each = TemplateProblem.of(TemplateProblemCode[code], line, column, **facts)
            answers.append(each)
        if len(answers) < len(requests):
            slow = status in (TOO_LONG, None) or status == -getattr(signal, "SIGPROF", 0)
            answers.append(SLOW if slow else ENDED)
    return answers


def _run(lines: str) -> tuple[int | None, str]:
    """The exit status, None for a process that had to be killed, and what it has written."""
    try:
        done = subprocess.run(  # noqa: S603
            child_command(),
            input=lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=tool_environment(os.environ),
            timeout=WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        # What a process has written until it is killed comes as bytes, whatever the encoding.
        return None, (late.stdout or b"").decode("utf-8", "ignore")
    return done.returncode, done.stdout
