"""Plan: what the short and the long form measure."""

from dataclasses import dataclass

OURS = "tidewire"
RENDERERS = (OURS, "streamdown", "block-memo", "react-markdown")
SMALL, LARGE = 5_000, 20_000
PACE = 200
FLOOD = 0


@dataclass(frozen=True, slots=True)
class Order:
    """One renderer and one text; `rate` in tokens a second, 0 for as fast as it goes."""

    renderer: str
    tokens: int
    rate: int

    @property
    def key(self) -> tuple[str, int, int]:
        """What a figure is looked up by."""
        return (self.renderer, self.tokens, self.rate)


def orders(full: bool) -> list[Order]:
    """What to measure; the long form takes a quarter of an hour, the short one some two minutes."""
    if full:
        sizes = [(SMALL, PACE), (LARGE, PACE), (SMALL, FLOOD), (LARGE, FLOOD)]
        return [Order(name, tokens, rate) for tokens, rate in sizes for name in RENDERERS]
    return [
        *(Order(name, SMALL, PACE) for name in RENDERERS[:2]),
        *(Order(name, SMALL, FLOOD) for name in RENDERERS),
        *(Order(name, LARGE, FLOOD) for name in RENDERERS[:2]),
    ]
