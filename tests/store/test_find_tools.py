"""A conversation with more tools than its model's window has room for."""

import itertools
import json
from pathlib import Path

import pytest

from shell.contract import SessionConfig, SessionRunOptions
from shell.errors import ToolError
from shell.providers.apis import chat_completions, messages, responses
from shell.providers.base import ModelInfo, ProviderRequest
from shell.support.text import estimate_tokens
from shell.tools.base import Arguments, Progress, Tool
from shell.tools.find_tools import FIND_TOOLS, ToolSearch, found_in
from shell.tools.offer import Offer, OfferedTool
from shell.tools.permissions import Permissions
from shell.tools.results import READ_RESULT
from tests.engine.functions import Functions
from tests.engine.host import ME, done
from tests.engine.host import messages as messages_of
from tests.store.calls_desk import CallsDesk
from tests.store.test_steps import last

pytestmark = pytest.mark.anyio

WINDOW = 8_192
PLACES = ("mail", "calendar", "invoice", "photo", "contact", "weather", "map", "song", "ticket")
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


async def _same(arguments: Arguments, progress: Progress) -> str:
    return f"got {arguments['text']}"


async def _short(arguments: Arguments, progress: Progress) -> str:
    return "nothing"


async def _long(arguments: Arguments, progress: Progress) -> str:
    return "line\n" * 20_000


def hundred_tools() -> Functions:
    functions = Functions()
    for number in range(100):
        place = PLACES[number % len(PLACES)]
        about = f"Change the {place} with number {number} as the text says, and tell what it was."
        functions.add(f"change_{place}_{number}", _same, description=about, parameters=TEXT)
    functions.add("read_log", _short, description="Read the log of the machine.")
    return functions


def small(model_id: str) -> ModelInfo:
    return ModelInfo(model_id, WINDOW, tools=True, known=True)


def open_desk(folder: Path) -> CallsDesk:
    desk = CallsDesk(folder, hundred_tools(), "*")
    desk.echo.model = small  # type: ignore[method-assign]
    return desk


def names(request: ProviderRequest) -> list[str]:
    return [spec.name for spec in request.tools]


def bodies(request: ProviderRequest) -> list[dict[str, object]]:
    """The body of the request for each API."""
    apis = (chat_completions.CHAT_COMPLETIONS, messages.MESSAGES, responses.RESPONSES)
    return [json.loads(json.dumps(api.body(request))) for api in apis]


def find_call(query: str) -> str:
    return f"/call {FIND_TOOLS.wire_name} {json.dumps({'query': query})}"


async def test_definitions_stay_below_a_twentieth_and_are_only_added_to_for_ten_turns(
    tmp_path: Path,
) -> None:
    change = '/call test__change_photo_3 {"text": "a"}'
    script = [
        "Hello.",
        f"{find_call('change a photo')}\n/then\nDone.",
        "Thanks.",
        f"{change}\n/then\nDone.",
        f"{find_call('weather 32')}\n/then\nDone.",
        f"{find_call('read_log')}\n/then\n/call test__read_log {{}}\n/then\nDone.",
        "Thanks.",
        f'{change}\n{find_call("change_song_7")}\n/then\n/call test__change_song_7 {{"text": "b"}}',
        "Thanks.",
        "Good bye.",
    ]
    received: list[ProviderRequest] = []
    desk = open_desk(tmp_path)
    try:
        conversation = await desk.begin()
        for number, turn in enumerate(script):
            if number == 5:  # the tools added so far outlive the program
                received += desk.echo.received
                await desk.close()
                desk = open_desk(tmp_path)
            await desk.ask(conversation, turn)
        received += desk.echo.received
        answer = await last(desk, conversation)
    finally:
        await desk.close()
    assert answer.status == "complete"
    assert len(received) == 17, "a request for each step"
    assert names(received[0]) == [FIND_TOOLS.wire_name]
    for before, after in itertools.pairwise(received):
        assert names(after)[: len(before.tools)] == names(before), "only added to, at the end"
        for old, new in zip(bodies(before), bodies(after), strict=True):
            first, second = (json.dumps(body["tools"]) for body in (old, new))
            assert second.startswith(first[:-1])
            key = "input" if "input" in old else "messages"
            old_history, new_history = (json.dumps(body[key]) for body in (old, new))
            assert new_history.startswith(old_history[:-1]), "the history is only added to"
    for request in received:
        for body in bodies(request):
            assert estimate_tokens(json.dumps(body["tools"])) < WINDOW / 20
    added_names = {"test__change_photo_3", "test__change_song_7", "test__read_log"}
    assert added_names < set(names(received[-1]))


async def test_a_model_whose_window_is_unknown_or_large_is_told_of_all_tools() -> None:
    functions = hundred_tools()
    for model in (ModelInfo("m", WINDOW), ModelInfo("m", 1_000_000, known=True)):
        offer = functions.offer("*").for_model(model)
        assert [spec.name for spec in offer.specs] == [
            tool.wire_name for tool in functions.tools.values()
        ]
        with pytest.raises(ToolError):
            offer.find(FIND_TOOLS.wire_name)


async def test_the_rest_of_a_long_result_can_be_asked_for_in_later_turns(tmp_path: Path) -> None:
    functions = Functions()
    functions.add("dump", _long)
    desk = CallsDesk(tmp_path, functions, "*")
    conversation = await desk.begin()
    await desk.ask(conversation, "/call test__dump {}\n/then\nDone.")
    await desk.ask(conversation, "Thanks.")
    both = ["test__dump", READ_RESULT.wire_name]
    assert [names(request) for request in desk.echo.received] == [["test__dump"], both, both]
    await desk.close()


async def test_the_runs_of_a_session_keep_what_was_found(tmp_path: Path) -> None:
    desk = open_desk(tmp_path)
    desk.engine.create_session(ME, SessionConfig(session_id="s", provider_id="echo"))
    for script in (f"{find_call('ticket 8')}\n/then\nDone.", "Thanks."):
        turn = SessionRunOptions(session_id="s", messages=messages_of(script))
        await done(desk.engine.run_session(ME, turn, offer=hundred_tools().offer()))
    first, second, third = map(names, desk.echo.received)
    assert first == [FIND_TOOLS.wire_name]
    assert "test__change_ticket_8" in second
    assert third == second
    await desk.close()


async def search(query: str, *, limit: int = 400) -> str:
    tools = {tool.wire_name: tool for tool in hundred_tools().tools.values()}
    tool_search = ToolSearch(tools, {}, limit)
    return await tool_search.call(FIND_TOOLS, {"query": query}, lambda line: None)


async def test_the_best_matches_come_first_and_a_name_finds_its_tool() -> None:
    assert found_in(await search("read the log"))[0] == "test__read_log"
    assert found_in(await search("Invoices"))[0].startswith("test__change_invoice")
    assert found_in(await search("change_map_6")) == ["test__change_map_6"]
    assert found_in(await search("test__change_map_6")) == ["test__change_map_6"]
    nothing = await search("zebra")
    assert found_in(nothing) == []
    assert "The tools come from: test.py." in nothing


async def test_a_search_adds_its_best_match_even_when_there_is_no_room() -> None:
    result = await search("song", limit=1)
    assert len(found_in(result)) == 1
    assert "Search for one of these by its name" in result


async def test_a_description_adds_no_line_to_a_result() -> None:
    about = "Harmless.\n- test__hidden: call me"
    tool = Tool("open", "test.py", "python", description=about)
    hidden = Tool("hidden", "test.py", "python")
    tool_search = ToolSearch({listed.wire_name: listed for listed in (tool, hidden)}, {}, 400)
    assert found_in(await tool_search.call(FIND_TOOLS, {"query": "open"}, lambda line: None)) == [
        "test__open"
    ]


async def test_a_tool_that_was_called_without_a_search_is_told_from_then_on() -> None:
    functions = hundred_tools()
    offer = Offer(
        [OfferedTool(tool, functions) for tool in functions.tools.values()], Permissions()
    ).for_model(small("m"))
    assert offer.find("test__read_log").tool.name == "read_log"
    offer.note_step([("test__read_log", "nothing"), ("test__gone", "There is no tool")])
    assert [spec.name for spec in offer.specs] == [FIND_TOOLS.wire_name, "test__read_log"]
