"""The guard against repetition: it ends an answer that repeats itself, and no other answer."""

from collections.abc import AsyncGenerator

import pytest

from shell.contract import Notice
from shell.providers.base import Chunk, Finish, ProviderRequest, TextDelta
from shell.providers.http.provider import HttpProvider
from shell.providers.local.model_files import ModelFiles
from shell.providers.local.provider import LocalProvider
from shell.providers.local.repetition import RepetitionGuard
from tests.providers.collect import ask

pytestmark = pytest.mark.anyio

STORY = (
    "Once there was a whale who lived in the deep blue sea. She sang to the moon every night, and "
    "the moon sang back. One day a storm came and carried her far away from her home.\n\n"
)
CHORUS = "Row, row, row your boat, gently down the stream, merrily, merrily, life is but a dream.\n"


def repeats(text: str, size: int = 5) -> bool:
    guard = RepetitionGuard()
    return any(guard.repeats(text[at : at + size]) for at in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 5, 1_000])
def test_a_story_told_again_and_again_repeats_itself(size: int) -> None:
    assert repeats(STORY * 10, size)
    assert not repeats(STORY * 2, size)


@pytest.mark.parametrize("size", [1, 5, 1_000])
@pytest.mark.parametrize("unit", ["a", "哈", "!", "从前有一只鲸鱼住在深蓝色的大海里", "-=", "\n"])
def test_what_has_no_words_repeats_itself(unit: str, size: int) -> None:
    assert repeats(unit * 4_000, size)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{a} x {b} = {a * b}\n" for a in range(1, 11) for b in range(1, 11)),
        "".join(
            f"Verse {n}: {' '.join(f'w{n}{i}' for i in range(30))}\n{CHORUS}" for n in range(9)
        ),
        "hello " * 100,
        "",
    ],
    ids=["table", "song", "asked for", "nothing"],
)
def test_what_is_alike_but_goes_on_does_not(text: str) -> None:
    assert not repeats(text)


@pytest.mark.model
async def test_the_embedded_model_is_stopped_when_it_repeats_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[bool] = []

    async def circles(chat: HttpProvider, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        try:
            for _ in range(100):
                yield TextDelta(STORY)
        finally:
            closed.append(True)

    local = LocalProvider(ModelFiles(None, {}))
    monkeypatch.setattr(HttpProvider, "stream", circles)
    answer = await ask(local, "Tell me a story")
    notice = answer.chunks[-2]
    assert isinstance(notice, Notice)
    assert notice.code == "REPETITION_STOPPED"
    assert answer.chunks[-1] == Finish("other")
    assert closed == [True]
    await local.close()
