"""The left-out part of a long result, and how a model reads it."""

import json
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.contract import ApprovalEvent, CallEvent, ResultEvent
from shell.errors import ToolError
from shell.providers.base import Chunk, ProviderRequest
from shell.tools import results
from shell.tools.base import Arguments, Progress
from shell.tools.results import READ_RESULT, LongResults, shown_result
from tests.engine.functions import Functions
from tests.engine.host import Host
from tests.engine.test_tools import all_events, events_of, start

pytestmark = pytest.mark.anyio
BOTH = ["test__long", "test__short"]
TEXT = "".join(f"line {number:06} é\n" for number in range(20_000))


@pytest.fixture
def functions() -> Functions:
    functions = Functions()

    async def long(arguments: Arguments, progress: Progress) -> str:
        return TEXT

    async def short(arguments: Arguments, progress: Progress) -> str:
        return "short"

    functions.add("long", long)
    functions.add("short", short)
    return functions


def record_requests(host: Host) -> list[ProviderRequest]:
    """Record the requests that the provider gets from now on."""
    requests: list[ProviderRequest] = []
    stream = host.echo.stream

    def record(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        requests.append(request)
        return stream(request)

    host.echo.stream = record  # type: ignore[method-assign]
    return requests


def offered_names(requests: list[ProviderRequest]) -> list[list[str]]:
    return [[spec.name for spec in request.tools] for request in requests]


async def read(long_results: LongResults, **arguments: str | int) -> str:
    return await long_results.call(READ_RESULT, dict(arguments), lambda line: None)


async def test_a_model_reads_what_was_left_out_and_nobody_is_asked(
    host: Host, functions: Functions
) -> None:
    arguments = json.dumps({"call": "call-1-0", "start": 100_000, "end": 100_034})
    script = f"/call long {{}}\n/then\n/call tidewire__read_result {arguments}"
    requests = record_requests(host)
    log = start(host, functions, script, allowed=["long"])
    events = await all_events(log)
    cut, part = (event for event in events if isinstance(event, ResultEvent))
    assert "left out here, after byte" in cut.text
    assert "tidewire__read_result reads them from the call call-1-0" in cut.text
    assert part.state == "done"
    assert part.text == f"[bytes 100000 to 100034 of {len(TEXT.encode())}]\n" + (
        TEXT.encode()[100_000:100_034].decode()
    )
    assert not events_of(ApprovalEvent, events)
    three = [*BOTH, "tidewire__read_result"]
    assert offered_names(requests) == [BOTH, three, three]


async def test_it_is_offered_only_after_something_was_cut(host: Host, functions: Functions) -> None:
    script = '/call short {}\n/then\n/call tidewire__read_result {"call": "call-1-0", "start": 0}'
    requests = record_requests(host)
    log = start(host, functions, script)
    events = await all_events(log)
    _, unknown = (event for event in events if isinstance(event, ResultEvent))
    assert (unknown.state, "There is no tool" in unknown.text) == ("invalid", True)
    assert offered_names(requests) == [BOTH, BOTH, BOTH]


async def test_the_same_part_is_asked_for_the_third_time(host: Host, functions: Functions) -> None:
    again = '\n/then\n/call tidewire__read_result {"call": "call-1-0", "start": 0}'
    log = start(host, functions, "/call long {}" + 3 * again, allowed=["long"])
    async for event in log.follow():
        if isinstance(event, ApprovalEvent):
            break
    assert isinstance(event, ApprovalEvent)
    assert event.why == "The model makes the same call again and again."
    calls = [e for e in log.read(-1) if isinstance(e, CallEvent) and e.state == "waiting"]
    assert [call.call_id for call in calls] == ["call-4-0"]


async def test_parts_follow_each_other_without_a_gap() -> None:
    long_results = LongResults()
    long_results.show("call-1-0", TEXT)
    whole, start = "", 0
    while start < len(TEXT.encode()):
        head, _, part = (await read(long_results, call="call-1-0", start=start)).partition("\n")
        shown = shown_result(f"{head}\n{part}")
        assert shown.shown_bytes == shown.bytes, "a part is never cut again"
        whole += part
        start = int(head.split()[3])
    assert whole == TEXT


@given(
    st.text(st.sampled_from("aé你🌊\n"), min_size=1, max_size=50),
    st.integers(0, 60),
    st.integers(0, 60),
)
async def test_a_part_is_whole_characters(text: str, start: int, end: int) -> None:
    long_results = LongResults()
    long_results._results["c"] = text.encode()
    try:
        part = (await read(long_results, call="c", start=start, end=end)).partition("\n")[2]
    except ToolError:
        return
    assert part in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"call": "call-9-9", "start": 0}, "no long result of call-9-9"),
        ({"call": "call-1-0", "start": 10_000_000}, "has only"),
        ({"call": "call-1-0", "start": 5, "end": 5}, "has only"),
    ],
)
async def test_what_is_not_there_is_said(arguments: dict[str, str | int], expected: str) -> None:
    long_results = LongResults()
    long_results.show("call-1-0", TEXT)
    with pytest.raises(ToolError, match=expected):
        await read(long_results, **arguments)


async def test_only_so_much_is_kept_the_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MAX_STORED_BYTES", 2 * len(TEXT.encode()))
    long_results = LongResults()
    for number in range(3):
        long_results.show(f"call-1-{number}", TEXT)
    with pytest.raises(ToolError, match="make the call again"):
        await read(long_results, call="call-1-0", start=0)
    assert await read(long_results, call="call-1-1", start=0)
