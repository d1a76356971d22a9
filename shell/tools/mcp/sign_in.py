"""Signs people in to servers by OAuth, and keeps the tokens in the keychain."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.exceptions import OAuthFlowError, OAuthRegistrationError, OAuthTokenError
from mcp.client.auth.oauth2 import OAuthContext
from mcp.client.auth.utils import extract_field_from_www_auth, is_valid_client_metadata_url
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl, BaseModel, ConfigDict, ValidationError

from shell.errors import ErrorCode, ToolError
from shell.providers.http.endpoint import Endpoint
from shell.providers.keys import Keys
from shell.support.redaction import redact
from shell.tools.mcp.configuration import ClientSpec, client_secret_name, sign_in_name
from shell.tools.mcp.owner import LOGGERS, SignInNeeded
from shell.tools.mcp.redirect import Redirect

MARGIN_S = 30.0
"""A token is renewed this long before it ends, or after nine tenths of its time."""
_PROBE = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
_HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
OpenBrowser = Callable[[str], Awaitable[None]]
OpenClient = Callable[[], httpx2.AsyncClient]


class _Kept(BaseModel):
    """What the keychain has of one sign-in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    """The server. Its token is sent nowhere else."""
    issuer: str | None
    """Who has issued the token; nobody else is asked to renew it."""
    resource: str | None
    token_endpoint: str
    client: OAuthClientInformationFull
    token: OAuthToken
    expires_at: float | None

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and time.time() >= self.expires_at

    def renewed(self, token: OAuthToken) -> "_Kept":
        """The same sign-in with a new token. What the answer leaves out has stayed the same."""
        same = {"refresh_token": self.token.refresh_token, "scope": self.token.scope}
        given = token.model_dump(exclude_none=True)
        return self.model_copy(
            update={
                "token": OAuthToken.model_validate({**same, **given}),
                "expires_at": _end(token),
            }
        )


class _Collected:
    """Has what one sign-in results in, for the SDK."""

    def __init__(self, client: OAuthClientInformationFull | None, token: OAuthToken | None) -> None:
        self._client = client
        self._token = token

    async def get_tokens(self) -> OAuthToken | None:
        return self._token

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self._token = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self._client = client_info


class SignIn(httpx2.Auth):
    """Signs the requests to one server, and renews its token. Loop thread only.

    The SDK carries out the sign-in itself. Its client forgets when a token ends and where to renew
    it, holds up every request behind the one before, and opens a browser whenever it is refused.
    So requests are signed here.

    Args:
        name: the server's name, for errors and for the keychain.
        url: where the server is.
        keys: keeps the tokens.
        open_client: makes the connection to the authorization server.
        client: what the authorization server knows the program as, where it has to be told before.
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
        self._kept: _Kept | None = None
        self._has_read = False
        self._renewal: asyncio.Task[_Kept | None] | None = None
        self._refused: httpx2.Response | None = None
        self._seen: set[str] = set()
        self.on_failure: Callable[[str], None] = lambda reason: None
        """Called with the reason before a request fails for want of a token."""

    def secrets(self) -> Sequence[str]:
        """What no text may contain: every token that this process has had."""
        return list(self._seen)

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send a request with the token.

        Raises:
            SignInNeeded: there is none, or the server does not take it.
            ToolError: the authorization server cannot be reached.
        """
        try:
            kept = await self._current()
            _sign(request, kept)
            response = yield request
            if response.status_code == 401 and kept is not None:
                kept = await self._newer(kept)
                if kept is not None:
                    _sign(request, kept)
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

        Args:
            open_browser: shows the person an address.

        Returns:
            Whether the tokens are in the keychain; else they are for this session only.

        Raises:
            ShellError: the server or the person refuses, or nobody signs in for some minutes.
        """
        for noisy in LOGGERS:
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        before = self._refused
        self._kept = await self._read()
        try:
            async with self._open_client() as http, Redirect(self._port) as redirect:
                refused = before or await self._probe(http)
                provider = await self._provider(redirect, open_browser)
                await self._follow(provider, refused, http)
        except (OAuthFlowError, OAuthRegistrationError, OAuthTokenError, ValidationError) as error:
            raise self._error(str(error)) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise self._error(str(error) or type(error).__name__) from None
        self._refused = None
        return await self._keep(self._result(provider.context))

    def read_again(self) -> None:
        """Have the next request look into the keychain: a person may have signed in elsewhere."""
        self._has_read = False

    async def close(self) -> None:
        """Wait until a token that is being renewed is kept."""
        if self._renewal is not None:
            await asyncio.gather(self._renewal, return_exceptions=True)

    async def forget(self) -> None:
        """Remove the tokens, here and in the keychain."""
        self._kept = None
        await self._keys.remove(sign_in_name(self._name), self.url)

    # --- signing in -------------------------------------------------------------------------

    @property
    def _port(self) -> int:
        return 0 if self.client is None else self.client.callback_port

    async def _probe(self, http: httpx2.AsyncClient) -> httpx2.Response:
        """Have the server say how to sign in."""
        response = await http.post(self.url, json=_PROBE, headers=_HEADERS)
        if not _wants_sign_in(response):
            raise self._error(
                f"It does not ask anybody to sign in; it answers {response.status_code}."
            )
        return response

    async def _provider(self, redirect: Redirect, open_browser: OpenBrowser) -> OAuthClientProvider:
        address = AnyUrl(redirect.address)
        id_address, known = None, None
        if self.client is not None:
            if is_valid_client_metadata_url(self.client.client_id):
                id_address = self.client.client_id
            else:
                known = await self._known_client(self.client.client_id, address)

        async def show(address: str) -> None:
            self._check(address)
            redirect.state = parse_qs(urlsplit(address).query)["state"][0]
            await open_browser(address)

        return OAuthClientProvider(
            self.url,
            OAuthClientMetadata(
                client_name="Tidewire",
                redirect_uris=[address],
                # Only a registered secret can be kept from others, and the program has none.
                token_endpoint_auth_method=None,
            ),
            _Collected(known, None if self._kept is None else self._kept.token),
            redirect_handler=show,
            callback_handler=redirect.wait,
            client_metadata_url=id_address,
        )

    async def _known_client(self, client_id: str, address: AnyUrl) -> OAuthClientInformationFull:
        name = client_secret_name(self._name)
        await self._keys.load({name: self.url})
        secret = self._keys.find(name, self.url)
        before = self._kept
        is_same = before is not None and before.client.client_id == client_id
        return OAuthClientInformationFull(
            client_id=client_id,
            client_secret=secret,
            redirect_uris=[address],
            # Another issuer must not get the secret, so the SDK registers the program there.
            issuer=before.issuer if is_same and before is not None else None,
            token_endpoint_auth_method="none" if secret is None else "client_secret_basic",
        )

    async def _follow(
        self, provider: OAuthClientProvider, refused: httpx2.Response, http: httpx2.AsyncClient
    ) -> None:
        """Send what the SDK wants to be sent until it has a token."""
        request = httpx2.Request("POST", self.url, headers=_HEADERS)
        flow = provider.async_auth_flow(request)
        try:
            outgoing = await anext(flow)
            answer = httpx2.Response(refused.status_code, headers=refused.headers, request=outgoing)
            while True:
                outgoing = await flow.asend(answer)
                if outgoing is request:
                    return  # it would be sent with the token now
                self._check(str(outgoing.url))
                answer = await http.send(outgoing)
        except StopAsyncIteration:
            raise self._error("It does not say how to sign in.") from None
        finally:
            await flow.aclose()

    def _result(self, context: OAuthContext) -> _Kept:
        token, client, metadata = (
            context.current_tokens,
            context.client_info,
            context.oauth_metadata,
        )
        if token is None or client is None:
            raise self._error("It has given no token.")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.url))
        has_resource = context.should_include_resource_param(_HEADERS["mcp-protocol-version"])
        return _Kept(
            url=self.url,
            issuer=None if metadata is None else str(metadata.issuer),
            resource=context.get_resource_url() if has_resource else None,
            token_endpoint=f"{origin}/token" if metadata is None else str(metadata.token_endpoint),
            client=OAuthClientInformationFull(
                client_id=client.client_id,
                client_secret=client.client_secret,
                redirect_uris=client.redirect_uris,
                token_endpoint_auth_method=client.token_endpoint_auth_method,
                issuer=client.issuer,
            ),
            token=token,
            expires_at=_end(token),
        )

    def _check(self, address: str) -> None:
        """Refuse an address that a server must not lead us to.

        Raises:
            ToolError: it is neither https nor on this machine, or leads from elsewhere to here.
        """
        endpoint = Endpoint("mcp", self._name, address, key_required=False)
        endpoint.check()
        ours = Endpoint("mcp", self._name, self.url, key_required=False)
        if endpoint.on_this_machine and not ours.on_this_machine:
            raise self._error("It leads to an address on this machine, which is not safe.")

    # --- keeping and renewing ---------------------------------------------------------------

    async def _current(self) -> _Kept | None:
        if not self._has_read:
            self._kept = await self._read()
            self._has_read = True
        if self._kept is not None and self._kept.has_expired:
            return await self._newer(self._kept)
        return self._kept

    async def _newer(self, old: _Kept) -> _Kept | None:
        """A token that came after this one. However many ask for it, it is asked for once."""
        if self._kept is not None and self._kept.token != old.token:
            return self._kept
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(old), name=f"token of {self._name}")
            self._renewal.add_done_callback(_look_at)
        # Whoever stops waiting does not stop it: the server has ended the old token already.
        return await asyncio.shield(self._renewal)

    async def _renew(self, old: _Kept) -> _Kept | None:
        elsewhere = await self._read()
        if elsewhere is not None and elsewhere.token != old.token:
            self._kept = elsewhere  # another process has renewed it, or a person has signed in
            if not elsewhere.has_expired:
                return elsewhere
            old = elsewhere
        if old.token.refresh_token is None:
            return None
        try:
            async with self._open_client() as http:
                answer = await http.send(self._renewal_request(old, old.token.refresh_token))
        except (httpx2.HTTPError, OSError) as error:
            text = f"The sign-in cannot be renewed: {str(error) or type(error).__name__}"
            raise self._error(text) from None
        if answer.status_code in (400, 401, 403):
            return await self._renewed_elsewhere(old)
        try:
            if answer.status_code != 200:
                raise ValueError
            renewed = old.renewed(OAuthToken.model_validate_json(answer.content))
        except ValueError:
            text = f"The sign-in cannot be renewed; the server answers {answer.status_code}."
            raise self._error(text) from None
        await self._keep(renewed)  # first, as the old one is used up
        return renewed

    def _renewal_request(self, old: _Kept, refresh_token: str) -> httpx2.Request:
        self._check(old.token_endpoint)
        context = OAuthContext(
            self.url,
            OAuthClientMetadata(redirect_uris=None),
            _Collected(None, None),
            None,
            None,
            client_info=old.client,
        )
        data = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": old.client.client_id,
        }
        if old.resource is not None:
            data["resource"] = old.resource
        data, headers = context.prepare_token_auth(data, {})
        return httpx2.Request("POST", old.token_endpoint, data=data, headers=headers)

    async def _renewed_elsewhere(self, old: _Kept) -> _Kept | None:
        """Another process may have used the token up at this moment; else it was revoked."""
        elsewhere = await self._read()
        if elsewhere is not None and elsewhere.token != old.token:
            self._kept = elsewhere
            return elsewhere
        await self.forget()
        return None

    async def _read(self) -> _Kept | None:
        name = sign_in_name(self._name)
        await self._keys.load({name: self.url}, again=True)
        written = self._keys.find(name, self.url)
        try:
            kept = None if written is None else _Kept.model_validate_json(written)
        except ValidationError:
            return None
        if kept is None or kept.url != self.url:
            return None
        self._note(kept)
        return kept

    def _note(self, kept: _Kept) -> None:
        secrets = (kept.token.access_token, kept.token.refresh_token, kept.client.client_secret)
        self._seen.update(filter(None, secrets))

    async def _keep(self, kept: _Kept) -> bool:
        self._note(kept)
        text = kept.model_dump_json(exclude_none=True, exclude={"token": {"expires_in"}})
        status = await self._keys.set(sign_in_name(self._name), text, self.url)
        self._kept = kept
        return status.source == "keychain"

    def _error(self, text: str) -> ToolError:
        words = redact(" ".join(text.split()), self.secrets())[:500]
        return ToolError(ErrorCode.TOOL_FAILED, f"{self._name}: {words}")


def _sign(request: httpx2.Request, kept: _Kept | None) -> None:
    if kept is not None:
        request.headers["Authorization"] = f"Bearer {kept.token.access_token}"


def _wants_sign_in(response: httpx2.Response) -> bool:
    if response.status_code == 401:
        return True
    return (
        response.status_code == 403
        and extract_field_from_www_auth(response, "error") == "insufficient_scope"
    )


def _look_at(done: "asyncio.Future[_Kept | None]") -> None:
    """Read the exception of what nobody awaits, so that asyncio does not warn."""
    if not done.cancelled():
        done.exception()


def _end(token: OAuthToken) -> float | None:
    if token.expires_in is None:
        return None
    return time.time() + token.expires_in - min(MARGIN_S, token.expires_in / 10)
