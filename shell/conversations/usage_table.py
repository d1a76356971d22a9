"""Writes what was taken as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterable

from shell.contract import UsageGroup, UsageRow

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would calculate a title that begins like this."""


def as_csv(rows: Iterable[UsageRow], by: UsageGroup) -> str:
    """The rows as CSV, with names in the first line."""
    file = io.StringIO()
    writer = csv.writer(file)
    told = ["title"] if by == "conversation" else []
    numbers = ("calls", "input_tokens", "output_tokens", "usd", "unpriced_tokens")
    writer.writerow([by, *told, *numbers])
    for row in rows:
        title = [_plain(row.title or "")] if told else []
        usd = f"{row.usd:.9f}".rstrip("0").rstrip(".")
        amounts = (row.calls, row.input_tokens, row.output_tokens, usd, row.unpriced_tokens)
        writer.writerow([_plain(row.key), *title, *amounts])
    return file.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
