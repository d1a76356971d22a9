"""`tidewire usage`: prints the usage of model calls, from the data directory's ledger."""

import sys
from contextlib import closing

from shell.cli.open_store import to_read
from shell.cli.output import print_line
from shell.contract import UsageGroup, UsageRow
from shell.conversations.usage_table import as_csv
from shell.errors import ValidationFailed
from shell.store import ledger, reservations
from shell.store.database import Database
from shell.store.messages import queries
from shell.support.data_directory import DataDirectory
from shell.support.text import CONTROLS


def usage(data: DataDirectory, *, by: UsageGroup, as_csv_file: bool, as_json: bool) -> None:
    """Print one line for each day, model or conversation."""
    if as_csv_file and as_json:
        text = "Choose --csv or --json, not both. See 'tidewire usage --help'."
        raise ValidationFailed([("csv", text)])
    rows = _rows(data, by)
    if as_csv_file:
        sys.stdout.write(as_csv(rows, by))
        return
    for row in rows:
        name = (row.title or row.key or "no conversation").translate(CONTROLS)
        unpriced = f"  {row.unpriced_tokens:,} tokens unpriced" if row.unpriced_tokens else ""
        tokens = f"{row.input_tokens:>12,} in {row.output_tokens:>12,} out"
        text = f"${row.usd:>10.4f}  {tokens}  {row.calls:>6,} calls  {name}{unpriced}"
        print_line(row.model_dump(mode="json", by_alias=True), text, as_json=as_json)


def _rows(data: DataDirectory, by: UsageGroup) -> list[UsageRow]:
    path = data.path / ledger.FILE
    if not path.exists():
        return []
    with closing(Database(path, migrations=reservations.MIGRATIONS)) as database:
        database.open_to_read()
        rows = database.read(lambda c: reservations.usage(c, by)).result()
    if by != "conversation":
        return rows
    with to_read(data) as conversations:
        summaries = conversations.read(queries.summaries).result()
    titles = {summary.id: summary.title for summary in summaries}
    return [row.model_copy(update={"title": titles.get(row.key)}) for row in rows]
