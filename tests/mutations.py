"""Puts defects back, one at a time, and checks that the tests that name them fail.

A mutation is a piece of text of one source file and its replacement, which brings the defect back.
It is applied to a copy of the project in a temporary folder. The tests that name the defect's
number run there, and one of them must fail. A mutation whose text is not in the file any more is
stale and fails too: it must be rewritten with the code.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.behaviours.shown import ROOT, Shown, shown

COPIED = ("shell", "tidewire_bridge", "tests", "pyproject.toml")
ELSEWHERE = ("e2e", "window", "soak")
"""Folders of tests that need a window, a browser or an hour."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", "page", *ELSEWHERE)
SLOW = {"test_any_order_of_anything", "test_ten_thousand_runs_leave_no_slot_and_no_memory"}
"""Tests that find a defect only after a while; the examples find it at once."""


@dataclass(frozen=True)
class Mutation:
    """One defect of the reference's sample code, in this project's terms."""

    defect: str
    description: str
    file: str
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Outcome:
    """Whether the tests noticed a defect, how many ran, and pytest's last line."""

    mutation: Mutation
    noticed: bool
    tests: int
    last_line: str


MUTATIONS = (
    Mutation(
        "D1",
        "the stall watchdog is not fed by what arrives",
        "shell/inference/provider_call.py",
        (("        self._watchdog.expect(self._deadlines.between_s)\n", ""),),
    ),
    Mutation(
        "D3",
        "the answer does not enter the session's history",
        "shell/inference/sessions.py",
        (("turn.answer, turn.partial = answer, not complete", 'turn.answer = ""'),),
    ),
    Mutation(
        "D4",
        "a single run's system prompt is ignored",
        "shell/inference/request.py",
        (("    if parameters.system_prompt:\n", "    if False:\n"),),
    ),
    Mutation(
        "D5",
        "a session's temperature and max tokens are ignored",
        "shell/inference/sessions.py",
        ((", exclude_none=True", ""),),
    ),
    Mutation(
        "D8",
        "stream: false still streams",
        "shell/inference/engine.py",
        (("streamed=parameters.stream", "streamed=True"),),
    ),
    Mutation(
        "D9",
        "a session stays active after an error and after a cancel",
        "shell/inference/sessions.py",
        (("        self.waiting.remove(turn)\n",
          "        if complete:\n            self.waiting.remove(turn)\n"),),
    ),
    Mutation(
        "D11",
        "a turn enters the session before the limits are asked",
        "shell/inference/engine.py",
        (
            ("        self._admit(owner, options, provider)\n",
             "        session.waiting.append(turn)\n"
             "        self._admit(owner, options, provider)\n"),
            ("        session.waiting.append(turn)\n        self._sessions.touch(session)\n",
             "        self._sessions.touch(session)\n"),
        ),
    ),
    Mutation(
        "D12",
        "two runs in one session go on at the same time",
        "shell/inference/engine.py",
        (
            ('if session.active and options.when_busy == "reject":', "if False:"),
            ("        if session.waiting[0] is turn:\n", "        if True:\n"),
        ),
    ),
    Mutation(
        "D13",
        "the limit of messages holds for the history, too",
        "shell/inference/sessions.py",
        (("self.messages_for(turn, room(model, parameters.max_tokens))\n",
          "self.messages_for(turn, room(model, parameters.max_tokens))\n"
          "        if len(messages) > 100:\n"
          '            raise ValidationFailed([("messages", "Too many messages (max: 100)")])\n'),),
    ),
    Mutation(
        "D17",
        "every chunk counts as one token",
        "shell/inference/provider_call.py",
        (("        self._text.write(channel, text)\n",
          "        self._text.write(channel, text)\n"
          "        self._text.written_bytes[channel] += 4 - len(text.encode())\n"),
         ("                self._usage = _validated_usage(chunk) or self._usage\n",
          "                pass\n")),
    ),
    Mutation(
        "D18",
        "a cancel reports no tokens",
        "shell/inference/run.py",
        (("                total_tokens=usage.output_tokens,",
          "                total_tokens=0 if is_cancelled else usage.output_tokens,"),),
    ),
    Mutation(
        "D20",
        "the finish reason is always stop",
        "shell/inference/provider_call.py",
        (('self.finish_reason = reason if reason in _FINISH_REASONS else "other"',
          'self.finish_reason = "stop"'),),
    ),
    Mutation(
        "D22",
        "events do not carry their session",
        "shell/inference/log.py",
        (("            session_id=self.session_id,\n            seq=self._length,",
          "            session_id=None,\n            seq=self._length,"),),
    ),
    Mutation(
        "D24",
        "a missing key is found out only after the id was given",
        "shell/inference/engine.py",
        (("        provider.check()\n", ""),),
    ),
    Mutation(
        "D25",
        "a deadline has its own terminal event",
        "shell/inference/run.py",
        (
            ("        self.stop(ProviderError(code, text))\n",
             "        self.stop(ProviderError(code, text))\n"
             "        self.log.append(self._error_event(ProviderError(code, text)))\n"),
            ("        if self.log.ending is not None:\n            return\n"
             "        if self._watchdog",
             "        if self._watchdog"),
        ),
    ),
    Mutation(
        "D27",
        "an error that speaks of abort or cancel is swallowed",
        "shell/inference/run.py",
        (("        except BaseException as error:\n            outcome = error\n",
          "        except BaseException as error:\n"
          '            if "abort" in str(error).lower() or "cancel" in str(error).lower():\n'
          "                return\n"
          "            outcome = error\n"),),
    ),
    Mutation(
        "D28",
        "codes are read out of the words of a message",
        "shell/inference/run.py",
        (("        code = outcome.code\n        if code is ErrorCode.NETWORK_ERROR",
          "        words = outcome.message\n"
          '        code = ErrorCode.TIMEOUT if "timeout" in words else (\n'
          '            ErrorCode.RATE_LIMIT if "rate limit" in words\n'
          "            else ErrorCode.UNKNOWN_ERROR)\n"
          "        if code is ErrorCode.NETWORK_ERROR"),),
    ),
    Mutation(
        "D30",
        "nothing is retried",
        "shell/inference/provider_call.py",
        (("                if delay_s is None:\n", "                if True:\n"),),
    ),
    Mutation(
        "D31",
        "destroying a session does not tell the end of its runs",
        "shell/inference/engine.py",
        (("        self._runs.stop(RunCancelled(), lambda slot: slot.session is session)\n",
          "        for slot in reversed(list(self._runs.slots.values())):\n"
          "            if slot.session is session:\n"
          "                self._runs.slots.pop(slot.inference_id)\n"
          "                if slot.run is None:\n"
          "                    continue\n"
          "                slot.run._on_end = lambda run: None\n"
          "                slot.run._end = lambda outcome: None\n"
          "                slot.stop(RunCancelled())\n"),),
    ),
    Mutation(
        "D35",
        "every window may cancel every run",
        "shell/inference/live_runs.py",
        (("return slot if slot is not None and (slot.shared or slot.owner == owner) else None",
          "return slot"),),
    ),
    Mutation(
        "D36",
        "nothing ends the runs of a window that is closed",
        "shell/inference/engine.py",
        (("lambda s: s.owner == owner and not s.finish_on_close",
          "lambda s: False"),),
    ),
    Mutation(
        "D37",
        "the sweep's timer is never cleared",
        "shell/inference/engine.py",
        (("        self._sweeper.cancel()\n", ""),),
    ),
    Mutation(
        "D46",
        "a temperature that the model refuses is sent",
        "shell/inference/request.py",
        (("    elif temperature > model.temperature_max:\n", "    elif False:\n"),),
    ),
    Mutation(
        "D51",
        "NaN passes",
        "shell/contract/base.py",
        (("        allow_inf_nan=False,\n", ""),
         ("Temperature = Annotated[float, Field(ge=0, le=2)]",
          "Temperature = Annotated[float, Field()]")),
    ),
    Mutation(
        "D52",
        "1.5 tokens and true are numbers",
        "shell/contract/base.py",
        (("        strict=True,\n", ""),
         ("MaxTokens = Annotated[int, Field(ge=1, le=100_000)]",
          "MaxTokens = Annotated[float, Field(ge=1, le=100_000)]")),
    ),
    Mutation(
        "D54",
        "unknown fields are ignored, and so are wrong ones",
        "shell/contract/base.py",
        (('        extra="forbid",\n', '        extra="ignore",\n'),),
    ),
    Mutation(
        "D56",
        "a request is not bounded in all",
        "shell/inference/request.py",
        (("    if characters > MAX_REQUEST_CHARACTERS:\n", "    if False:\n"),),
    ),
    Mutation(
        "D57",
        "a session id is written to the log as it came",
        "shell/inference/engine.py",
        (("        return self._sessions.create(owner, config, model.id).info()\n",
          '        __import__("logging").warning("Created session: %s", config.session_id)\n'
          "        return self._sessions.create(owner, config, model.id).info()\n"),),
    ),
)  # fmt: skip


class Stale(ValueError):
    """A mutation whose text is no longer in the code."""


def mutated(mutation: Mutation) -> str:
    """The text of the source file with the defect put back.

    Raises:
        Stale: the mutation's text is not in the file.
    """
    source = (ROOT / mutation.file).read_text("utf-8")
    for old, new in mutation.changes:
        if source.count(old) != 1:
            raise Stale(f"{mutation.defect}: {old!r} is not in {mutation.file}, or not once")
        source = source.replace(old, new)
    return source


def nodes_of(defect: str, by_id: Mapping[str, Sequence[Shown]]) -> list[str]:
    """The Python tests that name a defect, without those that a copy lacks and the slow ones."""
    return [
        test.node
        for test in by_id.get(defect, [])
        if test.file.endswith(".py")
        and test.file.split("/")[1] not in ELSEWHERE
        and test.test not in SLOW
    ]


def run(mutation: Mutation, folder: Path) -> Outcome:
    """Put one defect back in a copy of the project and run the tests that name it.

    Args:
        mutation: what to change.
        folder: an empty folder for the copy.

    Raises:
        Stale: the mutation's text is not in the file.
    """
    source = mutated(mutation)
    copy(folder)
    (folder / mutation.file).write_text(source, "utf-8")
    nodes = nodes_of(mutation.defect, shown())
    status, last_line = run_tests(folder, nodes, "-x")
    return Outcome(mutation, status == 1, len(nodes), last_line)


def run_tests(folder: Path, nodes: Sequence[str], *options: str) -> tuple[int, str]:
    """Run tests in a copy; returns pytest's status and its last line."""
    completed = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line"),
            *options,
            *nodes,
        ],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    last_line = (completed.stdout.strip() or completed.stderr.strip() or "nothing").splitlines()[-1]
    return completed.returncode, last_line


def copy(folder: Path) -> None:
    """Copy what the tests need."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, folder / name)
