"""A page without a browser: calls through the real door, takes pushes, and reduces events."""

import json
from dataclasses import dataclass, field

from shell.bridge.caller import Caller
from shell.bridge.door import Door
from shell.bridge.feed import MAX_PUSH_BYTES, Feed, Push
from shell.bridge.rate_limit import RateLimit
from shell.contract import CONTRACT_VERSION

Json = dict[str, object]


class Refused(Exception):
    """The host refused a call."""

    def __init__(self, failure: Json) -> None:
        super().__init__(f"{failure['code']}: {failure['message']}")
        self.failure = failure
        self.code = str(failure["code"])
        self.message = str(failure["message"])

    def __reduce__(self) -> tuple[type["Refused"], tuple[Json]]:
        return Refused, (self.failure,)  # a test worker pickles its failure for the parent

    @property
    def issues(self) -> dict[str, str]:
        """The sentence of every wrong field, by its path."""
        listed = self.failure["issues"]
        assert isinstance(listed, list)
        return {str(issue["path"]): str(issue["message"]) for issue in listed}


@dataclass
class Story:
    """One inference as a page sees it, reduced from its events like the page's `reduce`."""

    text: str = ""
    reasoning: str = ""
    next_seq: int = 0
    parts: int = 0
    ending: Json | None = None
    channels: list[str] = field(default_factory=list)

    def take(self, event: Json) -> None:
        """Apply an event. Ignores an event that is known already, and fails on a gap."""
        seq, count = event["seq"], event.get("count", 1)
        assert isinstance(seq, int)
        assert isinstance(count, int)
        if seq < self.next_seq:
            assert seq + count <= self.next_seq, f"half of {event} is known already"
            return
        assert seq == self.next_seq, f"{event} leaves a gap after {self.next_seq - 1}"
        assert self.ending is None, f"{event} follows the end"
        self.next_seq = seq + count
        channel = str(event["channel"])
        self.channels.append(channel)
        match channel:
            case "llm:token":
                assert event["index"] == self.parts
                self.parts += count
                self.text += str(event["token"])
            case "llm:reasoning":
                self.reasoning += str(event["text"])
            case "llm:done" | "llm:error":
                self.ending = event


class Page:
    """A window or tab with its caller, its current load, and the pushes of that load."""

    def __init__(self, door: Door, name: str = "window-1") -> None:
        self.door = door
        # The clock of a test may stand still, so that a rate limit would refuse its calls.
        endless = RateLimit(1_000_000, 1_000_000_000)
        self.caller = Caller(name, calls=endless, loads=endless)
        self.stories: dict[str, Story] = {}
        self.topics: dict[tuple[str, str], object] = {}
        self.pushes = 0
        self._loads = 0
        self._call = 0
        self._last_push = 0
        self._replies: dict[int, Json] = {}
        self.load = ""
        self.reload()

    @property
    def feed(self) -> Feed:
        """The host's feed for this window."""
        return self.caller.feed

    def reload(self) -> None:
        """Load the page anew. Only the caller remains."""
        number = self.begin_reload()
        self.pump()
        self.result(number)

    def begin_reload(self) -> int:
        """Send the hello of a new load; returns the number of the call."""
        self._loads += 1
        self.load = f"load-{self._loads:04}"
        self.stories.clear()
        self._replies.clear()
        self._last_push = 0
        return self.send("shell.hello", {"version": CONTRACT_VERSION, "lastPush": 0})

    def send(self, method: str, params: object = None, raw: str | None = None) -> int:
        """Post one call and return its number. `raw` is JSON to send instead of `params`."""
        self._call += 1
        text = json.dumps(params) if raw is None else raw
        call = f'{{"id":{self._call},"method":{json.dumps(method)},"params":{text}}}'
        batch = f'{{"version":{CONTRACT_VERSION},"load":"{self.load}","calls":[{call}]}}'
        self.door.post(self.caller, batch)
        return self._call

    def call(self, method: str, params: object = None, raw: str | None = None) -> object:
        """Call a method that replies at once, and return its value.

        Raises:
            Refused: the host answered with an error.
        """
        number = self.send(method, params, raw)
        self.pump()
        return self.result(number)

    def result(self, number: int) -> object:
        """The value of the call with this number.

        Raises:
            Refused: the host answered with an error.
        """
        reply = self._replies.pop(number)
        if reply["ok"] is True:
            return reply["value"]
        failure = reply["error"]
        assert isinstance(failure, dict)
        raise Refused(failure)

    def has_reply(self, number: int) -> bool:
        """Whether the reply to this call has arrived."""
        return number in self._replies

    def pump(self, pushes: int = 1_000_000) -> int:
        """Receive the pushes that are ready, at most `pushes`; returns their number."""
        received = 0
        while received < pushes and (push := self.feed.next()) is not None:
            self.receive(push)
            self.feed.acknowledge(push.load, push.number)
            received += 1
        return received

    def receive(self, push: Push) -> None:
        """Receive one push like the page's own `receive`."""
        items: list[Json] = json.loads(f"[{push.items}]")
        assert push.items.isascii()
        assert len(push.items) <= MAX_PUSH_BYTES or len(items) == 1
        if push.load != self.load or push.number <= self._last_push:
            return
        assert push.number == self._last_push + 1, "a push was left out"
        self._last_push = push.number
        self.pushes += 1
        for item in items:
            if item["channel"] == "reply":
                number = item["id"]
                assert isinstance(number, int)
                assert number not in self._replies
                self._replies[number] = item
            elif item["channel"] == "topic":
                self.topics[str(item["name"]), str(item["key"])] = item["value"]
            else:
                self.story(str(item["inferenceId"])).take(item)

    def attach(self, inference_id: str, after: int | None = None) -> bool:
        """Fetch the events after a `seq` (by default the last known one).

        Returns whether the inference is live.
        """
        story = self.story(inference_id)
        after = story.next_seq - 1 if after is None else after
        while True:
            reply = self.call("llm.attach", {"inferenceId": inference_id, "afterSeq": after})
            assert isinstance(reply, dict)
            for event in reply["events"]:
                assert event["seq"] > after
                story.take(event)
                after = event["seq"] + event.get("count", 1) - 1
            if not reply["more"]:
                return bool(reply["live"])

    def story(self, inference_id: str) -> Story:
        """The inference as this load sees it."""
        return self.stories.setdefault(inference_id, Story())
