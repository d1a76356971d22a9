"""The bench of the bridge notices a token that is missing, doubled or in the wrong place."""

import asyncio
import itertools
import time

import pytest

from benchmarks.bridge.bars import BARS, Bar, judge
from benchmarks.bridge.plan import FULL, SHORT, WAYS
from benchmarks.bridge.programs.flow import Flow, Wrong, check, latencies
from benchmarks.bridge.table import table, verdicts

SENT = [["aaaa", "bbbb", "cccc"], ["dddd", "eeee", "ffff"]]


def test_what_was_sent_is_right() -> None:
    check(SENT, ["aaaabbbbcccc", "ddddeeeeffff"])


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(["aaaacccc", "ddddeeeeffff"], id="lost"),
        pytest.param(["aaaabbbb", "ddddeeeeffff"], id="the last one lost"),
        pytest.param(["aaaabbbbbbbbcccc", "ddddeeeeffff"], id="doubled"),
        pytest.param(["aaaabbbbcccccccc", "ddddeeeeffff"], id="the last one doubled"),
        pytest.param(["aaaaccccbbbb", "ddddeeeeffff"], id="in another order"),
        pytest.param(["aaaabbbxcccc", "ddddeeeeffff"], id="altered"),
        pytest.param(["ddddeeeeffff", "aaaabbbbcccc"], id="in the other stream"),
        pytest.param(["aaaabbbbcccc"], id="a stream short"),
    ],
)
def test_what_is_not_as_it_was_sent_is_wrong(received: list[str]) -> None:
    with pytest.raises(Wrong):
        check(SENT, received)


def test_a_latency_is_from_a_tokens_making_to_the_first_update_that_shows_it() -> None:
    made_at = [[1.000, 1.001, 1.002], [1.000]]
    updates = [[2, 1_007.0, 3, 1_010.0], [1, 1_005.5]]
    assert latencies(made_at, updates, 0) == pytest.approx([7, 6, 8, 5.5])
    assert latencies(made_at, updates, 2) == pytest.approx([5, 4, 6, 3.5])


@pytest.mark.parametrize(
    "updates",
    [
        pytest.param([1, 5.0, 1, 6.0, 2, 7.0], id="nothing new"),
        pytest.param([1, 5.0], id="not everything"),
        pytest.param([3, 5.0], id="too much"),
        pytest.param([], id="nothing"),
    ],
)
def test_an_update_that_shows_nothing_new_or_too_much_is_wrong(updates: list[float]) -> None:
    with pytest.raises(Wrong):
        latencies([[0.001, 0.002]], [updates], 0)


def test_no_two_tokens_are_alike() -> None:
    tokens = list(itertools.chain(*Flow(streams=5, tokens=2_000).texts()))
    assert len(set(tokens)) == 10_000
    assert {len(token) for token in tokens} == {4}


def test_a_flow_sends_each_stream_in_order_at_its_rate() -> None:
    flow = Flow(streams=2, tokens=5, rate=100, stagger=0.01)
    texts = flow.texts()
    received: list[list[str]] = [[], []]
    started_at = time.time()
    made_at = asyncio.run(flow.run(texts, lambda stream, token: received[stream].append(token)))
    assert received == texts
    # The last one of a stream is due 40 ms after its first, and may be late, never early.
    assert made_at[0][-1] - started_at >= 0.04
    assert made_at[1][-1] - started_at >= 0.05


def test_a_bar_is_met_missed_or_not_measured() -> None:
    bars = [
        Bar("at least", ("a", "m", "f"), ">=", 10),
        Bar("at most", ("a", "m", "f"), "<=", 10),
        Bar("times theirs", ("a", "m", "f"), ">=", 3, ("b", "m", "f")),
        Bar("nobody there", ("a", "m", "f"), ">=", 3, ("c", "m", "f")),
    ]
    medians = {"a": {"m": {"f": 12.0}}, "b": {"m": {"f": 5.0}}}
    assert [verdict.met for verdict in judge(medians, bars)] == [True, False, False, None]


def test_every_bar_asks_for_a_figure_that_every_plan_measures() -> None:
    for bar in BARS:
        for way, measurement, _ in filter(None, (bar.measured, bar.baseline)):
            assert measurement in SHORT.orders(WAYS[way])
            assert measurement in FULL.orders(WAYS[way])


def test_the_table_has_a_row_for_every_way_and_says_what_is_missing() -> None:
    medians = {"door-qt": {"burst": {"tokens_per_s": 512_345.6}}}
    text = table(medians, {"channel": "it rains"})
    assert "512,346" in text
    assert "pytauri Channel per token: it rains" in text
    assert "not measured" in verdicts(judge(medians))
