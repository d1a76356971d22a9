"""`tidewire wire`: prints the requests and responses of the latest runs."""

import json
from typing import Literal

from shell.cli.output import print_line, print_text
from shell.contract import WireAttempt, WireRun
from shell.errors import ShellError, ValidationFailed
from shell.providers.request_code import as_curl, as_python
from shell.store.wire_log import stored_run, stored_summaries
from shell.support.data_directory import REQUESTS, DataDirectory
from shell.support.dates import format_date
from shell.support.text import CONTROLS


def list_(data: DataDirectory, *, as_json: bool) -> None:
    """Print one line for each run, the newest first."""
    for run in stored_summaries(data.path / REQUESTS):
        status = "-" if run.status is None else str(run.status)
        model = f"{run.provider_id}/{run.model_id}".translate(CONTROLS)
        facts = f"{format_date(run.started_at)}  {status:>3}  {run.attempts:>3}"
        text = f"{run.inference_id}  {facts}  {model}"
        print_line(run.model_dump(mode="json", by_alias=True), text, as_json=as_json)


def show(
    data: DataDirectory, *, inference_id: str, form: Literal["json", "curl", "python"] | None
) -> None:
    """Print the attempts of a run, or code that sends its last request."""
    run = stored_run(data.path / REQUESTS, inference_id)
    if form == "json":
        print(json.dumps(run.model_dump(mode="json", by_alias=True)))
    elif form is None:
        print_text("\n\n".join([_heading(run), *map(_format_attempt, run.attempts)]))
    else:
        if not run.attempts:
            raise ShellError(f"{inference_id} has sent no request, so there is none to copy.")
        request = run.attempts[-1].request
        try:
            code = as_curl(request) if form == "curl" else as_python(request)
        except ValidationFailed as error:
            raise ShellError(str(error)) from None
        print_text(code, end="")


def _heading(run: WireRun) -> str:
    summary = run.summary
    model = f"{summary.provider_id}/{summary.model_id}"
    return f"{summary.inference_id}: {model}, {summary.attempts} requests"


def _format_attempt(attempt: WireAttempt) -> str:
    request = attempt.request
    lines = [f"{request.method} {request.url}  (at {attempt.ms} ms)"]
    lines += [f"{header.name}: {header.value}" for header in request.headers]
    lines += ["", request.body or f"(a body of {request.body_bytes:,} bytes, not kept)", ""]
    lines += [attempt.error or "" if attempt.status is None else str(attempt.status)]
    lines += [f"{header.name}: {header.value}" for header in attempt.headers]
    lines += ["", *(f"[{chunk.ms} ms] {chunk.text}" for chunk in attempt.chunks)]
    return "\n".join(lines)
