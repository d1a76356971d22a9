"""What the short and the long form measure."""

from dataclasses import dataclass

OURS = "tidewire"
RENDERERS = (OURS, "streamdown", "block-memo", "react-markdown")
SMALL, LARGE = 5_000, 20_000
PACE = 200
FLOOD = 0
ROUNDS = 3
"""A flood is over in less than a second: it takes several to tell chance from speed."""


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
    """What to measure, in turns; an order that comes again is measured again.

    The long form takes half an hour on a quiet machine, the short one some two minutes.
    """
    if full:
        paces = [Order(name, tokens, PACE) for tokens in (SMALL, LARGE) for name in RENDERERS]
        floods = [Order(name, tokens, FLOOD) for tokens in (SMALL, LARGE) for name in RENDERERS]
        return paces + floods * ROUNDS
    return [
        *(Order(name, SMALL, PACE) for name in RENDERERS[:2]),
        *[
            *(Order(name, SMALL, FLOOD) for name in RENDERERS),
            *(Order(name, LARGE, FLOOD) for name in RENDERERS[:2]),
        ]
        * ROUNDS,
    ]
