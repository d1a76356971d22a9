"""Refuses imported conversations of which no backup could be restored."""

from collections.abc import Iterator

from shell.store.exchange.calls import entries_of
from shell.store.exchange.portable import PortableConversation, PortableMessage
from shell.store.messages import steps
from shell.store.messages.content import take_apart
from shell.store.tables import MAX_CHARACTERS, check_numbers


class TooLarge(ValueError):
    """A value of the conversation is too large to be stored."""


def check(portable: PortableConversation) -> None:
    """Check the values that a restore would refuse, and that no reader has checked.

    Raises:
        TooLarge: the conversation must be left out.
    """
    _check_length(portable.title, portable.system_prompt, portable.folder)
    for message in portable.messages:
        for values in _rows(message):
            _check_length(*values)
        try:
            for value in (message.detail, message.compaction):
                check_numbers(None if value is None else value.model_dump())
        except ValueError as error:
            raise TooLarge(str(error)) from None


def _rows(message: PortableMessage) -> Iterator[tuple[str | None, ...]]:
    """Yield the texts of each row in which a message is stored."""
    content = take_apart(message.content)
    detail = None if message.detail is None else message.detail.model_dump_json()
    model = (message.provider_id, message.model_id)
    yield (content.text, content.parts, message.reasoning, detail, *model)
    if message.compaction is not None:
        yield (message.compaction.model_dump_json(),)
    for entry in entries_of(message.calls):
        yield (steps.dump(entry),)


def _check_length(*texts: str | None) -> None:
    """Limit the texts of a row together, because SQLite limits the bytes of a row."""
    if sum(len(text or "") for text in texts) > MAX_CHARACTERS:
        raise TooLarge(f"a text in it is too long (more than {MAX_CHARACTERS:,} characters)")
