"""Signs people in to servers by OAuth, and signs the requests to them."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.auth.oauth2 import OAuthContext
from mcp.client.auth.utils import extract_field_from_www_auth, is_valid_client_metadata_url
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata
from pydantic import AnyUrl, ValidationError

from shell.errors import ToolError
from shell.providers.keys import Keys
from shell.tools.mcp.configuration import ClientSpec, client_secret_name
from shell.tools.mcp.owner import LOGGERS, SignInNeeded
from shell.tools.mcp.redirect import Redirect
from shell.tools.mcp.tokens import MemoryStorage, OpenClient, StoredSignIn, Tokens, refresh_time

_PROBE = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
_HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
_FIELDS = {"client_id", "client_secret", "redirect_uris", "token_endpoint_auth_method", "issuer"}
"""The fields of the program's registration that are stored."""
OpenBrowser = Callable[[str], Awaitable[None]]


class SignIn(httpx2.Auth):
    """Signs the requests to one server, and refreshes its token. Loop thread only.

    The SDK carries out the sign-in itself. Its client forgets when a token expires and where to
    refresh it, sends one request at a time, and opens a browser at every refusal. So this class
    signs the requests instead.

    Args:
        name: the server's name, for errors and for the keychain.
        url: the server's address.
        keys: store the tokens.
        open_client: makes the HTTP client for the authorization server.
        client: the program's registration at the authorization server, if it was made by hand.
    """

    def __init__(
        self,
        name: str,
        url: str,
        keys: Keys,
        open_client: OpenClient,
        client: ClientSpec | None = None,
    ) -> None:
        self.url = url
        self.client = client
        self._name = name
        self._keys = keys
        self._open_client = open_client
        self._refused: httpx2.Response | None = None
        self.tokens = Tokens(name, url, keys, open_client)
        self.on_failure: Callable[[str], None] = lambda reason: None
        """Called with the reason before a request fails because there is no valid token."""

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send a request with the token.

        Raises:
            SignInNeeded: there is no token, or the server refuses it.
            ToolError: the authorization server cannot be reached.
        """
        try:
            stored = await self.tokens.current()
            _sign(request, stored)
            response = yield request
            if response.status_code == 401 and stored is not None:
                stored = await self.tokens.refresh(stored)
                if stored is not None:
                    _sign(request, stored)
                    response = yield request
        except ToolError as error:
            self.on_failure(error.message)
            raise
        if _wants_sign_in(response):
            self._refused = response
            text = f"{self._name} asks you to sign in. 'tidewire mcp login {self._name}' does."
            self.on_failure(text)
            raise SignInNeeded(text)

    async def sign_in(self, open_browser: OpenBrowser) -> bool:
        """Have a person sign in. Registers the program where the server does not know it.

        Returns:
            Whether the tokens are in the keychain; else they are for this session only.

        Raises:
            ShellError: the server or the person refuses, or nobody signs in within `WAIT_S`.
        """
        for logger_name in LOGGERS:
            logging.getLogger(logger_name).setLevel(logging.CRITICAL)
        earlier = await self.tokens.read()
        try:
            port = 0 if self.client is None else self.client.callback_port
            async with self._open_client() as http, Redirect(port) as redirect:
                refused = self._refused or await self._probe(http)
                provider = await self._provider(earlier, redirect, open_browser)
                await self._follow(provider, refused, http)
        except (OAuthFlowError, ValidationError) as error:
            # The SDK's text about an invalid answer quotes it, so it may contain parts of a token.
            is_invalid = isinstance(error.__context__ or error, ValueError)
            text = "The authorization server's answer is not valid." if is_invalid else str(error)
            raise self.tokens.error(text) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise self.tokens.error(str(error) or type(error).__name__) from None
        self._refused = None
        return await self.tokens.store(self._result(provider.context))

    # --- signing in -------------------------------------------------------------------------

    async def _probe(self, http: httpx2.AsyncClient) -> httpx2.Response:
        """Send a request without a token. The refusal says how to sign in."""
        response = await http.post(self.url, json=_PROBE, headers=_HEADERS)
        if not _wants_sign_in(response):
            text = f"It does not ask anybody to sign in; it answers {response.status_code}."
            raise self.tokens.error(text)
        return response

    async def _provider(
        self, earlier: StoredSignIn | None, redirect: Redirect, open_browser: OpenBrowser
    ) -> OAuthClientProvider:
        address = AnyUrl(redirect.address)
        id_address, client = None, None
        if self.client is not None:
            if is_valid_client_metadata_url(self.client.client_id):
                id_address = self.client.client_id
            else:
                client = await self._known_client(self.client.client_id, address, earlier)

        async def show(address: str) -> None:
            self.tokens.check(address)
            redirect.state = parse_qs(urlsplit(address).query)["state"][0]
            await open_browser(address)

        return OAuthClientProvider(
            self.url,
            OAuthClientMetadata(
                client_name="Tidewire",
                redirect_uris=[address],
                # Only a registered client secret can be kept secret, and the program has none.
                token_endpoint_auth_method=None,
            ),
            MemoryStorage(client, None if earlier is None else earlier.token),
            redirect_handler=show,
            callback_handler=redirect.wait,
            client_metadata_url=id_address,
        )

    async def _known_client(
        self, client_id: str, address: AnyUrl, earlier: StoredSignIn | None
    ) -> OAuthClientInformationFull:
        name = client_secret_name(self._name)
        await self._keys.load({name: self.url})
        secret = self._keys.find(name, self.url)
        is_same = earlier is not None and earlier.client.client_id == client_id
        return OAuthClientInformationFull(
            client_id=client_id,
            client_secret=secret,
            redirect_uris=[address],
            # Another issuer must not get the secret, so the SDK registers the program there.
            issuer=earlier.issuer if is_same and earlier is not None else None,
            token_endpoint_auth_method="none" if secret is None else "client_secret_basic",
        )

    async def _follow(
        self, provider: OAuthClientProvider, refused: httpx2.Response, http: httpx2.AsyncClient
    ) -> None:
        """Send the requests of the SDK's sign-in until it has a token."""
        request = httpx2.Request("POST", self.url, headers=_HEADERS)
        flow = provider.async_auth_flow(request)
        try:
            outgoing = await anext(flow)
            answer = httpx2.Response(refused.status_code, headers=refused.headers, request=outgoing)
            while True:
                outgoing = await flow.asend(answer)
                if outgoing is request:
                    return  # the SDK has a token and would now repeat the first request with it
                self.tokens.check(str(outgoing.url))
                answer = await http.send(outgoing)
        except StopAsyncIteration:
            raise self.tokens.error("It does not say how to sign in.") from None
        finally:
            await flow.aclose()
            if provider.context.client_info is not None:
                self.tokens.add_secrets(provider.context.client_info.client_secret)

    def _result(self, context: OAuthContext) -> StoredSignIn:
        token, client = context.current_tokens, context.client_info
        metadata = context.oauth_metadata
        if token is None or client is None:
            raise self.tokens.error("It has given no token.")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        has_resource = context.should_include_resource_param(_HEADERS["mcp-protocol-version"])
        return StoredSignIn(
            url=self.url,
            issuer=None if metadata is None else str(metadata.issuer),
            resource=context.get_resource_url() if has_resource else None,
            token_endpoint=f"{origin}/token" if metadata is None else str(metadata.token_endpoint),
            client=OAuthClientInformationFull(**client.model_dump(include=_FIELDS)),
            token=token,
            expires_at=refresh_time(token),
        )


def _sign(request: httpx2.Request, stored: StoredSignIn | None) -> None:
    if stored is not None:
        request.headers["Authorization"] = f"Bearer {stored.token.access_token}"


def _wants_sign_in(response: httpx2.Response) -> bool:
    if response.status_code != 403:
        return response.status_code == 401
    return extract_field_from_www_auth(response, "error") == "insufficient_scope"
