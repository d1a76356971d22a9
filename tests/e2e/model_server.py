"""A user's own server with OpenAI's protocol, in a thread of this process.

The text of the question decides the answer. A question with `limited` is refused once with a long
retry-after, one with `busy` once without a wait, and one with `too long` because of its length.
`refuse TEXT` is refused with the text. A request for a summary gets one sentence. Any other
question is echoed.
"""

import http.server
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from shell.conversations.summaries import PROMPT

WAIT_S = 45
"""Longer than a silent retry may wait, so that the page shows the wait and the user decides."""


class ModelServer(http.server.ThreadingHTTPServer):
    """Accepts one key, offers these models, and records its requests."""

    daemon_threads = True
    summary = "High water is at ten past two."

    def __init__(self, key: str | None, models: Sequence[str]) -> None:
        super().__init__(("127.0.0.1", 0), RequestHandler)
        self.key = key
        self.models = models
        self.questions: list[str] = []
        self.bodies: list[bytes] = []
        self.may_summarize = threading.Event()
        self.refused: set[str] = set()

    @property
    def url(self) -> str:
        """The address that a user enters in the settings."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class RequestHandler(http.server.BaseHTTPRequestHandler):
    """Handles one request."""

    server: ModelServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """List the models."""
        if self._is_authorized():
            models = [{"id": name, "object": "model"} for name in self.server.models]
            self._send_json(HTTPStatus.OK, {"object": "list", "data": models})

    def do_POST(self) -> None:
        """Answer the last message."""
        request_body = self.rfile.read(int(self.headers["content-length"]))
        self.server.bodies.append(request_body)
        body = json.loads(request_body)
        if not self._is_authorized():
            return
        content = body["messages"][-1]["content"]
        question = content if isinstance(content, str) else content[0]["text"]
        self.server.questions.append(question)
        if "limited" in question and question not in self.server.refused:
            self.server.refused.add(question)
            wait = {"retry-after": str(WAIT_S)}
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "rate_limit_exceeded", "Slow down.", wait)
        elif "busy" in question and question not in self.server.refused:
            self.server.refused.add(question)
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too busy.", {"retry-after": "0"})
        elif question.startswith("refuse "):
            self._refuse(HTTPStatus.FORBIDDEN, "refused", question.removeprefix("refuse "))
        elif "too long" in question:
            self._refuse(HTTPStatus.BAD_REQUEST, "context_length_exceeded", "It is too long.")
        elif question.startswith(PROMPT.partition("{")[0]):
            self.server.may_summarize.wait()
            self._stream(self.server.summary)
        elif body.get("stream"):
            self._stream(f"served: {question}")
        else:
            message = {"role": "assistant", "content": f"served: {question}"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send_json(HTTPStatus.OK, {"object": "chat.completion", "choices": [choice]})

    def _is_authorized(self) -> bool:
        header = self.headers.get("authorization")
        if self.server.key is None or header == f"Bearer {self.server.key}":
            return True
        self._refuse(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "This key is not known.")
        return False

    def _refuse(
        self, status: HTTPStatus, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        error = {"message": message, "type": "invalid_request_error", "code": code}
        self._send_json(status, {"error": error}, headers)

    def _send_json(
        self, status: HTTPStatus, body: object, headers: Mapping[str, str] | None = None
    ) -> None:
        self._write(status, "application/json", json.dumps(body).encode(), headers or {})

    def _stream(self, text: str) -> None:
        chunks: list[object] = [
            {"choices": [{"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}]}
            for word in text.split()
        ]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]
        self._write(HTTPStatus.OK, "text/event-stream", "".join(lines).encode(), {})

    def _write(
        self, status: HTTPStatus, media_type: str, data: bytes, headers: Mapping[str, str]
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@contextmanager
def model_server(
    key: str | None = None, models: Sequence[str] = ("harbour-1", "harbour-2")
) -> Iterator[ModelServer]:
    """Run a server; without a `key` it needs none."""
    with ModelServer(key, models) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
