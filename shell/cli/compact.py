"""`tidewire compact`: summarizes the earlier messages of a conversation, or undoes that."""

import sys
from functools import partial
from typing import cast

from pydantic import TypeAdapter

from shell.app.runtime import RunningHost, running_host
from shell.bridge.validation import validate_params
from shell.cli.ask import on_signals
from shell.cli.confirm import confirm
from shell.cli.open_store import to_write
from shell.cli.output import print_line
from shell.contract import Compaction, CompactionState, CompactRequest, Defaults
from shell.conversations.authors import Authors
from shell.conversations.compactions import Compactions
from shell.errors import ErrorCode, ShellError, ValidationFailed
from shell.settings import SettingsFile
from shell.store.messages import compactions, tree
from shell.store.store import Store
from shell.support.data_directory import DataDirectory


def compact(
    data: DataDirectory,
    *,
    conversation_id: str,
    undo: bool,
    yes: bool,
    provider: str | None,
    model: str | None,
    as_json: bool,
) -> int:
    """Write a summary and print its usage, or undo the last one."""
    advice = 'Or choose "Summarize earlier messages…" in the menu of the conversation there.'
    with to_write(data, "tidewire compact", advice) as store:
        # The request takes no ids but those that a conversation may have.
        store.database.read(lambda c: tree.conversation(c, conversation_id)).result()
        if undo:
            undo_last = partial(compactions.undo_last, conversation_id=conversation_id)
            message_id = store.database.write(undo_last).result()
            line = {"conversationId": conversation_id, "messageId": message_id, "undone": True}
            print_line(line, "All messages are sent again.", as_json=as_json)
            return 0
        with running_host(data.path, counts=True) as running:
            fields = {"conversationId": conversation_id, "providerId": provider, "modelId": model}
            request = validate_params(TypeAdapter[object](CompactRequest), fields)
            written = _write(running, store, data, cast("CompactRequest", request), yes=yes)
    if written is None:
        return 130
    message_id, summary = written
    line = {
        "conversationId": conversation_id,
        "messageId": message_id,
        "messages": summary.messages,
        "text": summary.text,
        "inputTokens": summary.usage.input_tokens,
        "outputTokens": summary.usage.output_tokens,
        "cost": summary.usage.cost,
    }
    cost = "" if summary.usage.cost is None else f", ${summary.usage.cost:.4f}"
    tokens = summary.usage.input_tokens + summary.usage.output_tokens
    text = f"{summary.messages} messages are summarized ({tokens:,} tokens{cost})."
    print_line(line, text, as_json=as_json)
    return 0


def _write(
    running: RunningHost, store: Store, data: DataDirectory, request: CompactRequest, *, yes: bool
) -> tuple[str, Compaction] | None:
    """Write the summary; None if the person has stopped it.

    Raises:
        ShellError: the person does not agree to its cost, or it failed.
    """
    core, thread = running.core, running.thread
    chosen = SettingsFile(data.path).preferences

    def defaults() -> Defaults:
        return core.defaults(chosen.default_provider, chosen.default_model)

    def print_progress(states: list[CompactionState]) -> None:
        if states and sys.stderr.isatty():
            print(f"{states[0].progress:.0%}", end="\r", file=sys.stderr, flush=True)

    thread.run(core.load_keys())
    authors = Authors(core.providers.resolve, defaults)
    work = thread.call(lambda: Compactions(store, core.engine, authors, publish=print_progress))
    expected = thread.run(work.estimate(request))
    if expected.cost and not yes:
        question = f"It may cost ${expected.cost:.4f}."
        if not sys.stdin.isatty():
            raise ValidationFailed([("yes", f"{question} Agree to that with --yes.")])
        if not confirm(f"{question} Summarize {expected.messages} messages?"):
            raise ShellError("You did not agree, so nothing was summarized")

    def stop() -> None:
        thread.loop.call_soon_threadsafe(work.stop, request.conversation_id)

    try:
        with on_signals(stop):
            return thread.run(work.compact(request))
    except ShellError as error:
        if error.code is ErrorCode.ABORTED:
            print(f"tidewire: {error.message}", file=sys.stderr)
            return None
        raise ShellError(f"{error.code.value}: {error}") from None
    finally:
        thread.run(work.close())
