"""Counts of tokens from servers that send anything."""

import math

import pytest

from shell.providers.http.lenient_json import MAX_COUNT, count_of


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (7, 7),
        (7.9, 7),
        (-1, 0),
        (10**400, MAX_COUNT),
        (1e300, MAX_COUNT),
        (math.inf, 0),
        (math.nan, 0),
        (True, 0),
        ("7", 0),
        (None, 0),
    ],
)
def test_any_value_gives_a_count(value: object, count: int) -> None:
    assert count_of(value) == count
