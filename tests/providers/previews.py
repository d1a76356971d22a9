"""Compares the previews of random conversations with the requests that a server receives.

A quarter of the questions come from a template.
"""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shell.contract import (
    Effort,
    FilePart,
    ImagePart,
    InferenceRequest,
    Message,
    Part,
    TextPart,
    WireRequest,
)
from shell.conversations.planned_answer import PlannedAnswer, preview_answer
from shell.conversations.templates.renderer import fill_in
from shell.inference.engine import Engine
from shell.providers.base import AnsweredCall, ModelInfo, ModelStep
from shell.providers.http.provider import HttpProvider
from shell.store.messages.turns import Author
from shell.tools.offer import Offer
from tests.engine.functions import Functions
from tests.providers.fault_server import Received
from tests.providers.scenes import APIS, Api, endpoint, streaming

PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
TEMPLATE = """{% system %}Answer {{ tone }}.{% endsystem %}
{% for line in lines %}{{ loop.index }}. {{ line | upper }}
{% endfor %}"""


@dataclass(frozen=True)
class Case:
    """A question with the messages and settings before it."""

    messages: Sequence[Message | ModelStep]
    system: str | None
    effort: Effort | None
    temperature: float | None
    max_tokens: int | None
    tools: int
    knows_efforts: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    parts: st.SearchStrategy[Part] = st.one_of(
        st.builds(lambda text: TextPart(text=text), TEXT),
        st.just(ImagePart(media_type="image/png", data=PICTURE)),
        st.just(FilePart(media_type="application/pdf", name="a.pdf", data=PICTURE)),
    )
    contents = st.one_of(TEXT, st.lists(parts, min_size=1, max_size=3))
    messages: list[Message | ModelStep] = []
    for turn in range(draw(st.integers(0, 3))):
        messages.append(Message(role="user", content=draw(contents)))
        if draw(st.booleans()):
            call = AnsweredCall(f"call-{turn}", "test__tool0", '{"a": 1}', draw(TEXT))
            messages.append(ModelStep(draw(TEXT), (call,)))
        messages.append(Message(role="assistant", content=draw(TEXT)))
    question = draw(contents)
    system = draw(st.none() | TEXT)
    if draw(st.integers(0, 3)) == 0:
        filled = fill_in(TEMPLATE, {"tone": draw(TEXT), "lines": draw(st.lists(TEXT, min_size=1))})
        assert isinstance(filled, tuple), filled
        system, question = filled
    return Case(
        [*messages, Message(role="user", content=question)],
        system,
        draw(st.sampled_from([None, "off", "low", "medium", "high", "max"])),
        draw(st.none() | st.floats(0, 2)),
        draw(st.none() | st.integers(1, 10_000)),
        draw(st.integers(0, 3)),
        draw(st.booleans()),
    )


async def preview_and_request(api: Api, case: Case) -> tuple[WireRequest, Received]:
    """The request of a preview, and the request that a server received."""
    dialect = api.dialect
    scene = streaming(*dialect.begin(), *dialect.text("Yes."), *dialect.finish())
    async with api.serving(scene) as (_, server):
        efforts = {"low": "low", "high": "high"} if case.knows_efforts else None
        model = ModelInfo("model-a", images=True, files=True, tools=True, efforts=efforts)  # type: ignore[arg-type]
        provider = HttpProvider(
            api.api, endpoint(f"{server.url}{api.base}"), "model-a", lambda _: model
        )
        request = InferenceRequest.model_construct(
            messages=[],
            provider_id=provider.id,
            model_id="model-a",
            system_prompt=case.system,
            temperature=case.temperature,
            max_tokens=case.max_tokens,
            effort=case.effort,
        )
        by = Author(provider.id, model.id, "inf-1")
        planned = PlannedAnswer(provider, model, by, [], request, [*case.messages], (), None)
        preview = await preview_answer(planned, offer(case.tools))
        engine = Engine(lambda _: provider)
        log = engine.reserve("w", request, messages=case.messages, offer=offer(case.tools)).begin()
        async for _ in log.follow():
            pass
        await engine.close()
        await provider.close()
        assert preview.request is not None
        [received] = server.requests
        return preview.request, received


def offer(count: int) -> Offer | None:
    """An offer of that many tools."""
    functions = Functions()

    async def nothing(*_: object) -> str:
        return ""

    for number in range(count):
        functions.add(f"tool{number}", nothing, description="Does nothing – “ü”.")
    return functions.offer() if count else None


def check_previews(examples: int) -> int:
    """Compare previews with received requests. Returns the number of compared conversations."""
    compared = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(APIS), cases())
    def compare(api: Api, case: Case) -> None:
        nonlocal compared
        preview, received = asyncio.run(preview_and_request(api, case))
        assert preview.body is not None
        assert preview.body.encode() == received.body
        assert preview.url.endswith(received.path)
        compared += 1

    compare()
    return compared
