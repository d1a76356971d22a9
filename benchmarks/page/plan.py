"""The orders of the short and the long form."""

from dataclasses import dataclass

TIDEWIRE = "tidewire"
RENDERERS = (TIDEWIRE, "streamdown", "block-memo", "react-markdown")
SMALL, LARGE = 5_000, 20_000
PACE = 200
FLOOD = 0
ROUNDS = 3
"""A flood takes less than a second, so several rounds are needed to even out chance."""


@dataclass(frozen=True, slots=True)
class Order:
    """One renderer and one text. `rate` is in tokens a second; 0 means as fast as possible."""

    renderer: str
    tokens: int
    rate: int

    @property
    def key(self) -> tuple[str, int, int]:
        """The key of the order's figures."""
        return (self.renderer, self.tokens, self.rate)


def orders(full: bool) -> list[Order]:
    """The orders, in turns. An order that is listed again is measured again.

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
