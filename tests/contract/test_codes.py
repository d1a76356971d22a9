"""The host's English texts come with codes and fields, from which a page makes its own texts."""

import io

import apsw
import pytest

from shell.contract import InferenceRequest, Message, NoticeCode, RemarkCode
from shell.errors import ErrorCode, Reason, ShellError
from shell.inference.request import prepare_request
from shell.providers.base import ModelInfo
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import from_status
from shell.store.database import Database
from shell.store.errors import storage_error
from shell.store.exchange.importing import import_file

KEY = "sk-secret-key-of-the-harbour"
ENDPOINT = Endpoint("cloud", "Cloud", "https://cloud.invalid/v1", key=lambda: KEY)


def test_a_notice_has_its_numbers_as_fields() -> None:
    model = ModelInfo("tiny", max_output_tokens=100, temperature_max=1.0, system_prompt=False)
    request = InferenceRequest(
        messages=[Message(role="user", content="hi")],
        provider_id="cloud",
        system_prompt="be kind",
        temperature=1.5,
        max_tokens=500,
    )
    _, notices = prepare_request(request.messages, request, model)
    assert [(notice.code, notice.model, notice.limit) for notice in notices] == [
        (NoticeCode.TEMPERATURE_DROPPED, "tiny", 1.0),
        (NoticeCode.MAX_TOKENS_LOWERED, "tiny", 100),
        (NoticeCode.SYSTEM_PROMPT_DROPPED, "tiny", None),
    ]


def test_a_providers_own_words_stand_apart_and_hold_no_key() -> None:
    error = from_status(ENDPOINT, 401, {}, f'{{"error": {{"message": "No {KEY}!"}}}}'.encode())
    assert error.code is ErrorCode.API_KEY_ERROR
    assert error.words is not None
    assert error.message == f"Cloud: {error.words}"
    assert KEY not in error.words


def test_a_sentence_of_ours_is_not_taken_for_a_providers() -> None:
    assert from_status(ENDPOINT, 500, {}, b"<html>").words is None


def test_a_missing_key_is_told_from_a_wrong_one() -> None:
    with pytest.raises(ShellError) as raised:
        Endpoint("cloud", "Cloud", "https://cloud.invalid/v1").check()
    assert raised.value.reason is Reason.NO_KEY


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (apsw.FullError(), Reason.DISK_FULL),
        (apsw.BusyError(), Reason.FILE_LOCKED),
        (apsw.ReadOnlyError(), Reason.READ_ONLY),
        (apsw.CorruptError(), Reason.DAMAGED),
        (apsw.IOError(), Reason.DISK_FAULTY),
        (apsw.InterruptError(), Reason.TOO_SLOW),
    ],
)
def test_what_is_wrong_with_the_store_has_a_reason(error: apsw.Error, reason: Reason) -> None:
    assert storage_error(error, None).reason is reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"a poem", Reason.NO_CONVERSATIONS), (b"[{", Reason.IMPORT_BROKEN)],
)
def test_a_file_that_cannot_be_imported_has_a_reason(content: bytes, reason: Reason) -> None:
    with pytest.raises(ShellError) as raised:
        import_file(Database(None), io.BytesIO(content), len(content))
    assert raised.value.reason is reason


def test_what_an_import_leaves_out_has_a_code() -> None:
    result = import_file(Database(None), io.BytesIO(b"[{}]"), 4)
    assert [remark.code for remark in result.remarks] == [RemarkCode.CONVERSATION_LEFT_OUT]
