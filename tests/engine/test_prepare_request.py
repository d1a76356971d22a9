"""How much of its context a model has for what it is sent."""

import pytest

from shell.contract import InferenceRequest, Message
from shell.inference.request import ANSWER_RESERVE_TOKENS, prepare_request, room
from shell.providers.base import ModelInfo


@pytest.mark.parametrize(
    ("most", "asked", "kept_free"),
    [
        (None, None, ANSWER_RESERVE_TOKENS),
        (2_000, None, 2_000),
        (2_000, 500, 500),
        (None, 9_000, 4_000),
        (9_000, None, 4_000),
    ],
)
def test_an_answer_has_the_room_it_may_need_but_a_quarter_at_most(
    most: int | None, asked: int | None, kept_free: int
) -> None:
    model = ModelInfo("m", context_tokens=16_000, max_output_tokens=most)
    assert room(model, asked) == 16_000 - kept_free


@pytest.mark.parametrize(("asked", "sent"), [(None, 800), (2_000, 2_000), (20, 20)])
def test_a_model_s_own_length_is_for_those_who_ask_for_none(asked: int | None, sent: int) -> None:
    model = ModelInfo("m", context_tokens=16_000, max_tokens_default=800)
    question = [Message(role="user", content="hi")]
    wish = InferenceRequest(messages=question, provider_id="m", max_tokens=asked)
    request, notices = prepare_request(question, wish, model)
    assert (request.max_tokens, notices) == (sent, ())
    assert room(model, asked) == 16_000 - sent
