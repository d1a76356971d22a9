"""The share of a model's context that is left for the messages."""

import pytest

from shell.contract import InferenceRequest, Message
from shell.inference.request import ANSWER_RESERVE_TOKENS, prepare_request, room
from shell.providers.base import ModelInfo


@pytest.mark.parametrize(
    ("model_max", "max_tokens", "reserved"),
    [
        (None, None, ANSWER_RESERVE_TOKENS),
        (2_000, None, 2_000),
        (2_000, 500, 500),
        (None, 9_000, 4_000),
        (9_000, None, 4_000),
    ],
)
def test_an_answer_has_the_room_it_may_need_but_a_quarter_at_most(
    model_max: int | None, max_tokens: int | None, reserved: int
) -> None:
    model = ModelInfo("m", context_tokens=16_000, max_output_tokens=model_max)
    assert room(model, max_tokens) == 16_000 - reserved


@pytest.mark.parametrize(("max_tokens", "sent"), [(None, 800), (2_000, 2_000), (20, 20)])
def test_a_model_s_own_length_is_for_those_who_ask_for_none(
    max_tokens: int | None, sent: int
) -> None:
    model = ModelInfo("m", context_tokens=16_000, max_tokens_default=800)
    question = [Message(role="user", content="hi")]
    inference_request = InferenceRequest(messages=question, provider_id="m", max_tokens=max_tokens)
    request, notices = prepare_request(question, inference_request, model)
    assert (request.max_tokens, notices) == (sent, ())
    assert room(model, max_tokens) == 16_000 - sent
