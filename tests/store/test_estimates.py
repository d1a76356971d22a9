"""Estimates of the tokens and the cost of a message before it is sent."""

import pytest

from shell.contract import EstimateRequest, PreviewRequest
from shell.providers.base import ModelInfo, ProviderRequest
from tests.store.desk import Desk, RecordingEcho

pytestmark = pytest.mark.anyio


class Counting(RecordingEcho):
    """Counts the tokens of a request itself, a thousand for each message."""

    async def count_tokens(self, request: ProviderRequest) -> int | None:
        return 1_000 * len(request.messages)


class Small(RecordingEcho):
    """A model with a small context and a price."""

    def model(self, model_id: str) -> ModelInfo:
        return ModelInfo(
            model_id, 2_000, max_output_tokens=500, input_price=2.0, output_price=10.0, known=True
        )


async def test_a_message_is_estimated_with_the_conversation_before_it(desk: Desk) -> None:
    talk = await desk.begin(system_prompt="Be brief.")
    await desk.send(talk, "word " * 400)
    request = EstimateRequest(conversation_id=talk, text="more " * 400)
    estimate = await desk.conversations.estimate(desk.caller, request)
    assert not estimate.exact
    assert estimate.input_cost is None
    # Three messages of 2,000 letters, and the system prompt.
    assert 1_500 < estimate.input_tokens < 1_560
    assert len(desk.echo.received) == 1
    new = await desk.conversations.estimate(
        desk.caller, EstimateRequest(conversation_id=None, text="more " * 400, images=2)
    )
    assert 4_500 < new.input_tokens < 4_560


async def test_what_will_not_fit_and_what_it_costs_is_told(desk: Desk) -> None:
    desk.echo = Small()
    talk = await desk.begin()
    await desk.send(talk, "word " * 500)
    request = EstimateRequest(conversation_id=talk, text="more " * 500)
    estimate = await desk.conversations.estimate(desk.caller, request)
    assert (estimate.left_out, estimate.context_tokens) == (1, 2_000)
    assert estimate.input_cost == pytest.approx(estimate.input_tokens * 2e-6)
    assert estimate.most_cost == pytest.approx(estimate.input_tokens * 2e-6 + 500 * 10e-6)


async def test_the_count_of_the_models_own_tokenizer_is_exact(desk: Desk) -> None:
    desk.echo = Counting()
    request = EstimateRequest(conversation_id=None, text="hello")
    estimate = await desk.conversations.estimate(desk.caller, request)
    assert (estimate.input_tokens, estimate.exact) == (1_000, True)
    # The tokenizer cannot count a file of which only the size is known.
    request = EstimateRequest(conversation_id=None, text="hello", file_bytes=120_000)
    estimate = await desk.conversations.estimate(desk.caller, request)
    assert not estimate.exact
    assert estimate.input_tokens > 9_000


@pytest.mark.parametrize(("instructions", "messages"), [(None, 1), ("Be brief.", 2)])
async def test_a_new_chat_is_previewed_with_its_own_instructions(
    desk: Desk, instructions: str | None, messages: int
) -> None:
    desk.echo = Counting()
    request = PreviewRequest(conversation_id=None, content="hello", system_prompt=instructions)
    preview = await desk.answers.preview(request)
    assert preview.estimate.input_tokens == 1_000 * messages
