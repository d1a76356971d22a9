"""Runs models on a server, for every API that is spoken over HTTP."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from shell.contract import Effort
from shell.errors import ErrorCode, ProviderError
from shell.providers.apis.tools import named_keywords, without_keywords
from shell.providers.base import (
    ANY_MODEL,
    Chunk,
    ModelInfo,
    ProviderRequest,
    effort_dropped,
    tools_dropped,
)
from shell.providers.exchanges import Exchange, OutgoingRequest, Recording
from shell.providers.http.api import Api, Body
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import SUMMARY_FIELD, refuses_effort
from shell.providers.http.lenient_json import parse_object
from shell.providers.http.outgoing import describe_request
from shell.providers.http.response import read_answer
from shell.providers.http.transport import EXCHANGE, classify_error, http_client
from shell.providers.model_list import ListedModel, combine_descriptions, read_models

if TYPE_CHECKING:
    import httpx2

_REFUSALS = frozenset({ErrorCode.INVALID_REQUEST, ErrorCode.MODEL_NOT_FOUND})
"""The errors with which servers refuse tools for a model that cannot call them."""


class HttpProvider:
    """One server that speaks one API."""

    local = False

    def __init__(
        self,
        api: Api,
        endpoint: Endpoint,
        default_model_id: str = ANY_MODEL,
        models: Callable[[str], ModelInfo] = ModelInfo,
    ) -> None:
        self.id = endpoint.id
        self.api = api
        self.default_model_id = default_model_id
        self._endpoint = endpoint
        self._models = models
        self._listed: dict[str, ListedModel] = {}
        """The server's own description of its models, from the last `list_models`."""
        self._without_summary = False
        """Whether the server has refused to summarize reasoning. Later requests omit it."""
        self._without_tools: set[str] = set()
        """Models whose tools the server has refused."""
        self._refused_efforts: set[tuple[str, Effort]] = set()
        """Models with an effort that the server has refused. In memory only, so that the program
        tries again after its next start: an account or a server may accept it later."""
        self._refused_keywords: frozenset[str] = frozenset()
        """Keywords that the server has refused in the schema of a tool."""
        self._clients: dict[str, httpx2.AsyncClient] = {}
        """One client for each key, so that running streams keep theirs when the key changes."""
        self._client_lock = asyncio.Lock()

    def model(self, model_id: str) -> ModelInfo:
        """Describe a model, by the server's own list where it has one."""
        model = combine_descriptions(self._models(model_id), self._listed.get(model_id))
        if model_id in self._without_tools:
            model = replace(model, tools=False)
        refused = {effort for name, effort in self._refused_efforts if name == model_id}
        if refused:
            rest = {key: word for key, word in (model.efforts or {}).items() if key not in refused}
            model = replace(model, efforts=rest)
        return model

    def check(self) -> None:
        """Raise without a key, or with an address where the key would not be safe."""
        self._endpoint.check()

    def body(self, request: ProviderRequest) -> Body:
        """Build the JSON body that `stream` sends for this request."""
        if request.tools and self._refused_keywords:
            request = without_keywords(request, self._refused_keywords)
        body = self.api.body(request)
        if self._without_summary:
            _remove_summary(body)
        return body

    def outgoing(self, request: ProviderRequest) -> OutgoingRequest:
        """Describe the HTTP request that `stream` sends first."""
        content = _encode(self.body(request))
        return describe_request(self.api, self._endpoint, self.api.path, content)

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once."""
        if request.tools and request.model.tools is None:
            return self._try_tools(request)
        return self._stream(request)

    def _stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        return self._read(request) if request.effort is None else self._try_effort(request)

    def _read(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        decoder = self.api.decoder(self._endpoint)
        return read_answer(self._endpoint, lambda: self._request(request), decoder)

    async def _try_tools(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run a model that may not support tools. Omits them after the server has refused them."""
        has_begun = False
        if request.model.id not in self._without_tools:
            try:
                async with aclosing(self._stream(request)) as chunks:
                    async for chunk in chunks:
                        has_begun = True
                        yield chunk
                return
            except ProviderError as error:
                if has_begun or not _refuses_tools(error):
                    raise
        async with aclosing(self._stream(replace(request, tools=()))) as chunks:
            async for chunk in chunks:
                if not has_begun:
                    # Only now it is certain that the tools were what the server refused.
                    has_begun = True
                    self._without_tools.add(request.model.id)
                    yield tools_dropped(request.model)
                yield chunk

    async def _try_effort(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run a model with an effort, or without one if the server refuses it."""
        refused = request.model.id, request.effort or "off"
        if refused not in self._refused_efforts:
            has_begun = False
            try:
                async with aclosing(self._read(request)) as chunks:
                    async for chunk in chunks:
                        has_begun = True
                        yield chunk
                return
            except ProviderError as error:
                if has_begun or not refuses_effort(error):
                    raise
        async with aclosing(self._read(replace(request, effort=None))) as chunks:
            async for chunk in chunks:
                # Only now it is certain that the effort was what the server refused.
                if refused not in self._refused_efforts:
                    self._refused_efforts.add(refused)
                    yield effort_dropped(request.model, refused[1])
                yield chunk

    async def list_models(self) -> list[ListedModel]:
        """Ask the server for its models.

        Raises:
            ProviderError: the list could not be read.
        """
        path = self.api.models_path
        models = await read_models(self._endpoint, lambda: self._send("GET", path, None))
        self._listed = {model.id: model for model in models}
        return models

    async def close(self) -> None:
        """Close the connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    async def _request(self, request: ProviderRequest) -> "httpx2.Response":
        body = self.body(request)
        try:
            return await self._send("POST", self.api.path, body, request.recording)
        except ProviderError as error:
            field = (error.details or {}).get("field")
            if field == SUMMARY_FIELD and _remove_summary(body):
                self._without_summary = True
            elif error.code is ErrorCode.INVALID_REQUEST and (
                keywords := named_keywords(request.tools, error.words or "")
                - self._refused_keywords
            ):
                self._refused_keywords |= keywords
                body = self.body(request)
            else:
                raise
        return await self._send("POST", self.api.path, body, request.recording)

    async def ask_json(self, path: str, body: Body) -> dict[str, object]:
        """Post a body and read the answer as a JSON object.

        Raises:
            ProviderError: the request failed, or the answer is no JSON object.
        """
        try:
            async with aclosing(await self._send("POST", path, body)) as response:
                answer = (await response.aread()).decode("utf-8", "replace")
            return parse_object(answer, self._endpoint)
        except Exception as error:
            raise classify_error(self._endpoint, error, answering=False) from None

    async def _send(
        self, method: str, path: str, body: Body | None, recording: Recording | None = None
    ) -> "httpx2.Response":
        content = None if body is None else _encode(body)
        exchange: Exchange | None = None
        if recording is not None and content is not None:
            # Recorded before there is a client, which adds the key.
            description = describe_request(self.api, self._endpoint, path, content)
            exchange = recording.begin(description, self._endpoint.secrets)
        try:
            client = await self._client()
            url = self._endpoint.base_url.rstrip("/") + path
            headers = {"accept": "application/json"}
            if content is not None:
                headers["content-type"] = "application/json"
            request = client.build_request(
                method, url, content=content, headers=headers, extensions={EXCHANGE: exchange}
            )
            return await client.send(request, stream=True)
        except Exception as error:
            if exchange is not None:
                exchange.end(classify_error(self._endpoint, error, answering=False).message)
            raise

    async def _client(self) -> "httpx2.AsyncClient":
        key = self._endpoint.check()
        async with self._client_lock:
            client = self._clients.get(key)
            if client is None:
                headers = {**self.api.headers, **(self.api.key_header(key) if key else {})}
                client = await asyncio.to_thread(http_client, self._endpoint, headers)
                self._clients[key] = client
            return client


def _refuses_tools(error: ProviderError) -> bool:
    return error.code in _REFUSALS and "tool" in (error.words or "").lower()


def _encode(body: Body) -> bytes:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _remove_summary(body: Body) -> bool:
    """Remove the request for a summary, and an empty `reasoning`. Returns whether there was one."""
    reasoning = body.get("reasoning")
    if not isinstance(reasoning, dict) or reasoning.pop("summary", None) is None:
        return False
    if not reasoning:
        del body["reasoning"]
    return True
