"""Writes usage as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterable

from shell.contract import UsageGroup, UsageRow

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would evaluate a title that begins with one of these."""


def as_csv(rows: Iterable[UsageRow], by: UsageGroup) -> str:
    """The rows as CSV, with column names in the first line."""
    file = io.StringIO()
    writer = csv.writer(file)
    title_column = ["title"] if by == "conversation" else []
    number_columns = ("calls", "input_tokens", "output_tokens", "usd", "unpriced_tokens")
    writer.writerow([by, *title_column, *number_columns])
    for row in rows:
        title = [_escape_formula(row.title or "")] if title_column else []
        usd = f"{row.usd:.9f}".rstrip("0").rstrip(".")
        amounts = (row.calls, row.input_tokens, row.output_tokens, usd, row.unpriced_tokens)
        writer.writerow([_escape_formula(row.key), *title, *amounts])
    return file.getvalue()


def _escape_formula(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
