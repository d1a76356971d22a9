"""A program with typed streams, topics, models and hooks, in both shells."""

import contextlib
from collections.abc import Iterator
from typing import cast

import pytest
from playwright.sync_api import Error, Page, Playwright, expect

from tests.chromium import headless, inside, new_page, windows
from tests.e2e.app import KINDS, Kind
from tests.host_process import HostProcess
from tests.window.endurance import OFFSCREEN

MODULE = "tests.window.program"
COUNT = 10_000
RELOADS = 5


@contextlib.contextmanager
def running(kind: Kind, playwright: Playwright) -> Iterator[tuple[HostProcess, Page]]:
    arguments = ("serve",) if kind == "browser" else ()
    with HostProcess(MODULE, *arguments, env=OFFSCREEN) as program:
        ready = program.json_line()
        with contextlib.ExitStack() as stack:
            if kind == "browser":
                page = new_page(stack.enter_context(headless(playwright)))
                page.goto(str(ready["url"]))
            else:
                (page,) = windows(stack.enter_context(inside(playwright, str(ready["debugUrl"]))))
            expect(page.locator("main")).to_have_text("connected")
            yield program, page


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, marks=getattr(pytest.mark, kind), id=kind) for kind in KINDS],
)
def kind(request: pytest.FixtureRequest) -> Kind:
    return cast("Kind", request.param)


@pytest.fixture(scope="module")
def page(kind: Kind, playwright: Playwright) -> Iterator[Page]:
    with running(kind, playwright) as (_, program_page):
        yield program_page


def test_models_of_a_stream_arrive_as_values(page: Page) -> None:
    result = page.evaluate("host.call('tide.ticks', 3).then(collect)")["seen"]
    text = "a line\nand another"
    assert result == [{"number": number, "at": 0.5, "text": text} for number in range(3)]


def test_ten_thousand_models_arrive_in_order(page: Page) -> None:
    result = page.evaluate(f"host.call('tide.ticks', {COUNT}).then(collect)")
    assert [item["number"] for item in result["seen"]] == list(range(COUNT))


def test_no_model_is_lost_over_reloads(page: Page) -> None:
    page.evaluate("host.call('tide.slow_ticks', 300).then((id) => sessionStorage.setItem('s', id))")
    for _ in range(RELOADS):
        page.reload()
        expect(page.locator("main")).to_have_text("connected")
    result = page.evaluate("collect(sessionStorage.getItem('s'))")["seen"]
    assert [item["number"] for item in result] == list(range(300))


def test_a_reader_that_leaves_its_loop_frees_the_place_of_the_stream(page: Page) -> None:
    read_script = """async () => {
      const seen = [];
      while (seen.length < 12) {
        const id = await host.call("tide.slow_ticks", 100_000);
        for await (const { number } of host.items(id)) {
          seen.push(number);
          break;
        }
      }
      return seen;
    }"""
    assert page.evaluate(read_script) == [0] * 12


def test_a_stream_that_fails_tells_nothing_of_its_inside(page: Page) -> None:
    message = page.evaluate("host.call('tide.broken').then(collect).catch((e) => e.message)")
    assert message == "The stream failed. The program's log has the details"


def test_a_value_is_pushed_unasked_and_again_after_a_reload(page: Page) -> None:
    page.reload()
    expect(page.locator("main")).to_have_text("connected")
    page.wait_for_function("() => levels.length === 1")
    page.evaluate("host.call('tide.rise', 2.25)")
    page.wait_for_function("() => levels.at(-1) === 2.25")
    page.reload()
    expect(page.locator("main")).to_have_text("connected")
    page.wait_for_function("() => levels.at(-1) === 2.25")
    assert page.evaluate("levels") == [2.25]


def test_a_refusal_has_the_programs_own_code_and_words(page: Page) -> None:
    refused = "host.call('tide.refuse').catch((e) => [codeOf(e), e.message, e.retryable])"
    assert page.evaluate(refused) == ["NO_WATER", "There is no water", True]
    failed = page.evaluate("host.call('tide.fail').catch((e) => [codeOf(e), e.message])")
    sentence = "Something went wrong in Tide table. Its log has the details"
    assert failed == ["UNKNOWN_ERROR", sentence]


def test_only_the_given_namespaces_can_be_called(page: Page) -> None:
    for method in ("shell.open_window", "shell.open_link", "shell.control_window", "tide.__init__"):
        code = page.evaluate(f"host.call('{method}').catch(codeOf)")
        assert code == "NOT_FOUND", method


def test_a_given_provider_answers(page: Page) -> None:
    run = """
    host.llm.llmInference({ providerId: "echo", messages: [{ role: "user", content: "high" }] })
      .then((id) => host.follow(id).result).then((state) => state.response)
    """
    assert page.evaluate(run) == "high"
    unknown = """
    host.llm.llmInference({ providerId: "items", messages: [{ role: "user", content: "x" }] })
      .catch((e) => e.message)
    """
    assert page.evaluate(unknown) == "Invalid provider ID: items. Allowed: echo"


def test_the_program_chooses_how_many_calls_wait(page: Page) -> None:
    page.evaluate("void [0, 1, 2].map(() => host.call('tide.wait').catch(() => {}))")
    refused = page.evaluate("host.call('tide.wait').catch((e) => [codeOf(e), e.message])")
    assert refused == ["LIMIT", "Too many calls at once"]
    page.reload()
    expect(page.locator("main")).to_have_text("connected")


@pytest.mark.window
def test_an_item_of_the_menu_acts_in_its_window_alone(playwright: Playwright) -> None:
    with running("window", playwright) as (program, page):
        with page.context.expect_page() as opened:
            page.evaluate("host.call('tide.open')")
        second = opened.value
        for each in (page, second):
            expect(each.locator("main")).to_have_text("connected")
            menu_titles = each.evaluate("host.call('tide.choose', 'Rise')")
            assert menu_titles == ["Water", "Rise", "", "Sink"]
            expect(page).to_have_title(each.evaluate("host.call('tide.me')"))
        page.evaluate("host.call('tide.choose', 'Sink')")
        program.wait_for("The action of the menu item 'Sink' failed")
        assert program.stop() == 0


@pytest.mark.window
def test_the_window_has_its_size_and_the_program_ends_with_its_hook(
    playwright: Playwright,
) -> None:
    with running("window", playwright) as (program, page):
        # The window's height includes the menu bar.
        assert page.evaluate("innerWidth") == 640
        assert 440 < page.evaluate("innerHeight") < 480
        with page.context.expect_page() as opened:
            assert page.evaluate("host.call('tide.open')") is True
        expect(opened.value.locator("main")).to_have_text("connected")
        # A signal is not a person's request, so that no question is shown.
        assert program.stop() == 0
        assert program.json_line() == {"stopped": True}


@pytest.mark.window
def test_a_person_is_asked_before_the_window_closes(playwright: Playwright) -> None:
    with running("window", playwright) as (program, page):
        page.evaluate("host.call('tide.close_window', true)")
        assert program.json_line() == {"asked": "Leave the sea?"}
        assert page.evaluate("host.call('tide.ticks', 1).then(collect)")["seen"]
        with contextlib.suppress(Error):  # the page may be gone before its answer
            page.evaluate("host.call('tide.close_window', false)")
        assert program.json_line() == {"asked": "Leave the sea?"}
        assert program.json_line() == {"stopped": True}
        assert program.wait() == 0
