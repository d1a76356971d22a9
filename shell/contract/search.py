"""Defines the search in conversations."""

from typing import Annotated

from pydantic import Field

from shell.contract.base import Value
from shell.contract.messages import Role


class SearchRest(Value):
    """Where a search stopped at its time limit. A null part is complete."""

    kept: Annotated[int, Field(ge=-(2**53), le=2**53)] | None
    temporary: Annotated[int, Field(ge=-(2**53), le=2**53)] | None


class SearchRequest(Value):
    """A search for words, parts of words, or "a phrase" in quotes. A hit contains all of them."""

    query: Annotated[str, Field(min_length=1, max_length=500)]
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    more: SearchRest | None = None
    """The `more` of the previous reply, to continue that search."""


class Mark(Value):
    """The place of a match in a snippet, in UTF-16 units."""

    start: int
    end: int


class SearchHit(Value):
    """A message that matches a search, or a title if `messageId` is null."""

    conversation_id: str
    message_id: str | None
    title: str
    role: Role | None
    snippet: str
    marks: list[Mark]
    created_at: int


class SearchReply(Value):
    """The hits that were found within the time limit, best first."""

    hits: list[SearchHit]
    more: SearchRest | None
    """Null if the search is complete. A request with it continues, and may repeat a hit."""
