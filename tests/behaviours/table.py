"""Makes two pages of the docs: every number with its tests, and the defects that are put back."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.behaviours.catalogue import CATALOGUE, Entry
from tests.behaviours.shown import ROOT, Shown, shown
from tests.mutations import MUTATIONS, nodes_of

TABLE = ROOT / "docs" / "behaviours.md"
MUTATED = ROOT / "docs" / "mutations.md"

_HEAD = """\
# Behaviours, and the tests that show them

The reference design is the Electron program for streaming inference that Tidewire carries over to
Python. It specifies 66 behaviours (B), and its sample code has 98 defects (D). Here every behaviour
holds and no defect does, and this table says which tests show it. An entry says what holds *here*.

It is made from marks in the tests (`@pytest.mark.shows("B10")`, and `// shows: D67` before a test
of the page) by `python -m tests.behaviours`; a test fails when it is stale, or when a number has
no test. That the tests can fail is shown by putting defects back, one at a time:
`python3 dev.py soak mutations` ([how](mutations.md)).
"""
_SIGNATURES = """\
## Signatures of `window.llm`, the design's beside ours

`web/tests/signatures.test.ts` checks them; the design's are in `web/tests/reference.ts`.

| the design's | ours | |
|---|---|---|
| `llmInference(options)` | takes more options | assignable |
| `llmCancel(inferenceId)` | the same | assignable |
| `llmCreateSession(config)` | takes `share`; no null `metadata` | assignable |
| `llmDestroySession(sessionId)` | the same | assignable |
| `llmRunSession(options)` | takes more options | assignable |
| `llmGetStatus()` | returns more counts | assignable |
| `onLlmToken(callback)` | adds `seq`, `ms`, `count`; `index` counts token events | assignable |
| `onLlmThinking(callback)` | adds `seq`, `ms`, `activity`; no null `progress` | assignable |
| `onLlmDone(callback)` | adds `seq`, `ms`, `usage`, `timing` | `finishReason` differs |
| `onLlmError(callback)` | adds `seq`, `ms`, `retryAfterMs`, `reason`, `words` | assignable |

Where they differ:

- `finishReason` may also be `tool_calls`, `other`, `waiting`, `budget` or `steps`. To call those
  `stop` would be untrue.
- Unknown options are refused, since a misspelt option would be ignored silently (D58). Unknown
  fields of a message are ignored.
- An empty message is accepted. A list without a message of the user, or one that ends with an
  answer where the model cannot continue it, is refused before it is sent (D55).
- A session id is any text of 1 to 100 characters. It is only a key in memory (D57). A character is
  a code point here; half a surrogate pair is refused.
- `index` is 0, 1, 2 over the token events that this page is given, joined or not; `seq` and `count`
  say which parts they hold. On the command line it is the number of the first part.
- `sessionId` in an event is absent for a run outside a session. `ask --json` prints null, so that
  every line has the same fields.

"""
_PARTS = (("B", "Behaviours"), ("D", "Defects, and what holds instead"))
_MUTATED_HEAD = """\
# Defects put back

A test that cannot fail shows nothing. So `tests/mutations.py` puts defects of the reference's
sample code back, one at a time: it changes a few words of one source file in a copy of the
project, and runs there the tests that name the defect. One of them must fail.

`python3 dev.py soak mutations` does them all (after seeing that the same tests pass in a copy
without a defect) and prints one line of JSON for each: what was put back, how many tests were run,
pytest's last line. `dev.py soak mutations.D25` does one. Three of them are in the suite, and so is
a check that every mutation still fits the code. This page is made by `python -m tests.behaviours`.

| | what is put back | where | tests that name it |
|---|---|---|---|
"""


def render_mutations() -> str:
    """The page of the defects that can be put back."""
    by_id = shown()
    rows = [
        f"| {m.defect} | {m.description} | `{m.file}` | {len(nodes_of(m.defect, by_id))} |"
        for m in MUTATIONS
    ]
    return _MUTATED_HEAD + "\n".join(rows) + "\n"


def render() -> str:
    """The page of all numbers."""
    by_id = shown()
    lines = [_HEAD, _SIGNATURES]
    for letter, title in _PARTS:
        lines += [f"## {title}", "", "| | what holds | shown by |", "|---|---|---|"]
        lines += [
            f"| {entry.id} | {entry.text} | {_tests(entry, by_id.get(entry.id, []))} |"
            for entry in CATALOGUE.values()
            if entry.id.startswith(letter)
        ]
        lines.append("")
    return "\n".join(lines)


def missing() -> list[str]:
    """Numbers that no test shows although they can occur."""
    by_id = shown()
    return [
        entry.id for entry in CATALOGUE.values() if not entry.absent and not by_id.get(entry.id)
    ]


def _tests(entry: Entry, tests: Sequence[Shown]) -> str:
    if entry.absent:
        return f"cannot occur: {entry.absent}"
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in tests:
        by_file[test.file].append(test.test)
    return "; ".join(_file(file, names) for file, names in by_file.items())


def _file(file: str, names: Sequence[str]) -> str:
    return f"[{file.rpartition('/')[2]}](../{file}): {', '.join(_titles(names))}"


def _titles(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        title = name.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        yield title.replace("|", "\\|").replace("<", "&lt;")
