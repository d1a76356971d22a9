"""A window may have five inferences and twenty sessions. More are refused at once."""

import pytest

from shell.errors import LimitReached, ProviderError, UnsupportedProvider, ValidationFailed
from tests.engine.host import ME, OTHER, Host, done, make_message
from tests.virtual_loop import run_ready_tasks

pytestmark = pytest.mark.anyio


@pytest.mark.shows("B10", "B66", "D49", "B16")
async def test_the_sixth_inference_is_refused(host: Host) -> None:
    logs = [host.start("/stall") for _ in range(5)]
    with pytest.raises(LimitReached) as refused:
        host.start()
    assert str(refused.value) == "Maximum concurrent inferences limit reached (5)"
    assert (refused.value.code, refused.value.code.retryable) == ("LIMIT", True)
    assert refused.value.details == {"limit": 5, "current": 5}
    assert host.engine.status(ME).total_inferences == 5
    await done(host.start("another window has its own", owner=OTHER))
    host.engine.cancel(ME, logs[0].inference_id)
    await done(logs[0])
    await done(host.start("there is room again"))


@pytest.mark.shows("B10", "D12")
async def test_sessions_and_queues_count_to_the_five(host: Host) -> None:
    host.session()
    for _ in range(5):
        host.turn("/stall", when_busy="queue")
    with pytest.raises(LimitReached):
        host.start()
    with pytest.raises(LimitReached):
        host.turn("x", when_busy="queue")
    await run_ready_tasks()


@pytest.mark.shows("B11", "D49", "B18")
async def test_the_21st_session_is_refused(host: Host) -> None:
    for number in range(20):
        host.session(f"s{number}")
    with pytest.raises(LimitReached) as refused:
        host.session("s20")
    assert str(refused.value) == "Maximum sessions limit reached (20)"
    assert refused.value.details == {"limit": 20, "current": 20}
    assert host.engine.status(ME).total_sessions == 20
    host.session("s20", owner=OTHER)
    host.engine.destroy_session(ME, "s3")
    host.session("s20")


@pytest.mark.shows("D56", "B44")
async def test_a_request_is_limited_in_all(host: Host) -> None:
    await done(host.start([make_message("user", "x" * 100_000)] * 10))
    with pytest.raises(ValidationFailed) as refused:
        host.start([make_message("user", "x" * 100_000)] * 10 + [make_message("user", "y")])
    assert refused.value.issues == [("messages", "Messages exceed the total length (1000000)")]
    assert host.engine.status(ME).total_inferences == 1


@pytest.mark.shows("D24", "B32", "D26")
async def test_a_missing_key_is_told_before_there_is_an_id(host: Host) -> None:
    with pytest.raises(ProviderError) as refused:
        host.start(provider_id="keyless")
    assert refused.value.code == "API_KEY_ERROR"
    assert str(refused.value) == "No API key configured for provider: keyless"
    assert host.engine.status(ME).total_inferences == 0
    assert host.engine.list(ME) == []


@pytest.mark.shows("B48", "B16")
async def test_what_is_wrong_is_said_before_what_is_full(host: Host) -> None:
    logs = [host.start("/stall") for _ in range(5)]
    with pytest.raises(ValidationFailed):
        host.start(provider_id="nobody")
    with pytest.raises(ValidationFailed):
        host.start([make_message("system", "only")])
    with pytest.raises(LimitReached):
        host.start(provider_id="keyless")
    assert len(logs) == 5


@pytest.mark.shows("B40", "B30", "D6")
async def test_an_unknown_provider_is_named_with_those_that_there_are(host: Host) -> None:
    with pytest.raises(ValidationFailed) as refused:
        host.start(provider_id="nobody")
    path, text = refused.value.issues[0]
    assert path == "providerId"
    assert text.startswith("Invalid provider ID: nobody. Allowed: echo, ")
    with pytest.raises(ValidationFailed):
        host.session(provider_id="nobody")
    assert host.engine.status(ME).total_sessions == 0


@pytest.mark.shows("B30", "D6", "D29")
async def test_a_session_whose_provider_was_removed_says_so(host: Host) -> None:
    host.puppet(host.echo.stream)
    host.session(provider_id="puppet")
    del host.providers["puppet"]
    with pytest.raises(UnsupportedProvider, match=r"^Unsupported provider: puppet$") as refused:
        host.turn("hi")
    assert refused.value.code == "UNSUPPORTED_PROVIDER"
    assert not host.engine.session(ME, "s").info.is_active
