"""The measurements, the ways of streaming, and the number of rounds."""

from collections.abc import Mapping
from dataclasses import dataclass

Order = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Way:
    """One row of the table: a peer, its name for the way of streaming, and its way of calling."""

    peer: str
    title: str
    flow: str
    calls: str | None = None
    slow: bool = False
    """Whether ten thousand tokens take it more than a few seconds."""


WAYS = {
    "door-qt": Way("qt", "Tidewire, Qt", "door", "batched post"),
    "door-gtk": Way("gtk", "Tidewire, GTK", "door", "batched post"),
    "evaluate_js": Way("plain", "evaluate_js per token, Qt", "evaluate_js", "js_api", slow=True),
    "run_js": Way("plain", "run_js per token, Qt", "run_js", slow=True),
    "websocket": Way("plain", "WebSocket per token, Qt", "websocket"),
    "channel": Way("tauri", "pytauri Channel per token", "channel", "invoke"),
    "batches": Way("tauri", "pytauri Channel, 8 ms batches", "channel batches"),
    "emit": Way("tauri", "pytauri emit per token", "emit"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The length of the measurements. A short plan gives the same figures with more noise."""

    rounds: int
    slow_tokens: int
    """Tokens of a burst in a slow way."""
    seconds: float
    """Length of a steady stream."""

    @property
    def measurements(self) -> list[str]:
        """The names of the measurements, in their order."""
        return list(self.orders(WAYS["door-qt"]))

    def orders(self, way: Way) -> dict[str, Order]:
        """The orders of one round for a way, by the measurement's name."""

        def flow(**fields: object) -> Order:
            return {"kind": "flow", "way": way.flow, **fields}

        steady = {"streams": 5, "rate": 200, "stagger": 0.001}
        tokens = round(200 * self.seconds)
        orders = {
            "burst": flow(streams=1, tokens=self.slow_tokens if way.slow else 10_000),
            "first": flow(streams=20, tokens=1, stagger=0.05, rate=1),
            "slow": flow(streams=1, tokens=round(100 * self.seconds), rate=100),
            "steady": flow(**steady, tokens=tokens),
            "shown": flow(**steady, tokens=tokens // 2, visible=True),
        }
        if way.calls is not None:
            orders["parallel"] = {"kind": "calls", "parallel": 100, "sets": 10}
            orders["serial"] = {"kind": "calls", "parallel": 1, "sets": 100}
        return orders

    def warm(self, way: Way) -> list[Order]:
        """The orders that warm a way up before the first round."""
        flow = {"kind": "flow", "way": way.flow, "streams": 1, "tokens": 500}
        calls = [{"kind": "calls", "parallel": 10, "sets": 5}] if way.calls is not None else []
        return [flow, flow, *calls]


SHORT = Plan(rounds=3, slow_tokens=1_000, seconds=2)
FULL = Plan(rounds=5, slow_tokens=10_000, seconds=10)
