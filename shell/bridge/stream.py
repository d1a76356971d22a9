"""The id of a stream, with the type of its items."""

from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T", covariant=True)


class Stream(str, Generic[T]):
    """Returned by `App.stream`: an id for the page, which also has the type of the items."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.str_schema()
