"""Stores the OAuth tokens of a server in the keychain, and refreshes them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2
from mcp.client.auth.oauth2 import OAuthContext
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import BaseModel, ConfigDict, ValidationError

from shell.errors import ToolError, ToolFailed
from shell.providers.http.endpoint import Endpoint
from shell.providers.keys import Keys
from shell.support.futures import read_exception
from shell.support.redaction import redact
from shell.tools.mcp.configuration import sign_in_name

REFRESH_MARGIN_S = 30.0
"""Refresh a token this long before it expires, or after nine tenths of its lifetime if later."""
OpenClient = Callable[[], httpx2.AsyncClient]


class StoredSignIn(BaseModel):
    """One sign-in as the keychain has it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    """The server's address. The token is sent nowhere else."""
    issuer: str | None
    """The authorization server that issued the token. Only this one can refresh it."""
    resource: str | None
    token_endpoint: str
    client: OAuthClientInformationFull
    token: OAuthToken
    expires_at: float | None

    @property
    def has_expired(self) -> bool:
        """Whether the token must be refreshed before it is used."""
        return self.expires_at is not None and time.time() >= self.expires_at

    def with_token(self, token: OAuthToken) -> "StoredSignIn":
        """The same sign-in with a new token. Fields that the new token lacks stay as they are."""
        unchanged = {"refresh_token": self.token.refresh_token, "scope": self.token.scope}
        merged = OAuthToken.model_validate({**unchanged, **token.model_dump(exclude_none=True)})
        return self.model_copy(update={"token": merged, "expires_at": refresh_time(token)})


@dataclass
class MemoryStorage:
    """The SDK's token storage for one sign-in, in memory."""

    client: OAuthClientInformationFull | None
    token: OAuthToken | None

    async def get_tokens(self) -> OAuthToken | None:
        """Return the token."""
        return self.token

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Set the token."""
        self.token = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Return the registration of this program."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Set the registration of this program."""
        self.client = client_info


class Tokens:
    """One server's tokens in the keychain. Takes the arguments of `SignIn`. Loop thread only."""

    def __init__(self, name: str, url: str, keys: Keys, open_client: OpenClient) -> None:
        self._name = name
        self._url = url
        self._keys = keys
        self._open_client = open_client
        self._stored: StoredSignIn | None = None
        self._is_loaded = False
        self._refresh_task: asyncio.Task[StoredSignIn | None] | None = None
        self._secrets: set[str] = set()

    def secrets(self) -> Sequence[str]:
        """List the secrets that no text may contain: every token that this process has had."""
        return list(self._secrets)

    def add_secrets(self, *secrets: str | None) -> None:
        """Add to the secrets that no text may contain."""
        self._secrets.update(filter(None, secrets))

    def invalidate(self) -> None:
        """Read the keychain again before the next use: a person may have signed in elsewhere."""
        self._is_loaded = False

    async def close(self) -> None:
        """Wait until a running refresh has stored its token."""
        if self._refresh_task is not None:
            await asyncio.gather(self._refresh_task, return_exceptions=True)

    async def forget(self) -> None:
        """Remove the tokens, here and in the keychain."""
        self._stored = None
        await self._keys.remove(sign_in_name(self._name), self._url)

    async def current(self) -> StoredSignIn | None:
        """The stored sign-in, refreshed if its token has expired. None if nobody has signed in."""
        if not self._is_loaded:
            self._stored = await self.read()
            self._is_loaded = True
        if self._stored is not None and self._stored.has_expired:
            return await self.refresh(self._stored)
        return self._stored

    async def refresh(self, old: StoredSignIn) -> StoredSignIn | None:
        """Get a newer token than this one. Concurrent calls share one refresh."""
        if self._stored is not None and self._stored.token != old.token:
            return self._stored
        if self._refresh_task is None or self._refresh_task.done():
            task = asyncio.create_task(self._run_refresh(old), name=f"token of {self._name}")
            task.add_done_callback(read_exception)
            self._refresh_task = task
        # Cancelling one caller must not cancel the refresh: the old token may be used up already.
        return await asyncio.shield(self._refresh_task)

    async def _run_refresh(self, old: StoredSignIn) -> StoredSignIn | None:
        newer = await self._read_newer(old)
        if newer is not None and not newer.has_expired:
            return newer
        old = newer or old
        if old.token.refresh_token is None:
            return None
        try:
            async with self._open_client() as http:
                response = await http.send(self._refresh_request(old, old.token.refresh_token))
        except (httpx2.HTTPError, OSError) as error:
            text = f"The sign-in cannot be renewed: {str(error) or type(error).__name__}"
            raise self.error(text) from None
        if _is_revoked(response):
            # Another process may have used the refresh token just now.
            newer = await self._read_newer(old)
            if newer is None:
                await self.forget()
            return newer
        try:
            if response.status_code != 200:
                raise ValueError
            refreshed = old.with_token(OAuthToken.model_validate_json(response.content))
        except ValueError:
            text = (
                f"The sign-in cannot be renewed; the server answers {response.status_code}. Try "
                f"again later, or sign in again: tidewire mcp login {self._name}"
            )
            raise self.error(text) from None
        await self.store(refreshed)  # first, as the old one is used up
        return refreshed

    def _refresh_request(self, old: StoredSignIn, refresh_token: str) -> httpx2.Request:
        self.check(old.token_endpoint)
        metadata, storage = OAuthClientMetadata(redirect_uris=None), MemoryStorage(None, None)
        context = OAuthContext(self._url, metadata, storage, None, None, client_info=old.client)
        data = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        data["client_id"] = old.client.client_id
        if old.resource is not None:
            data["resource"] = old.resource
        data, headers = context.prepare_token_auth(data, {})
        return httpx2.Request("POST", old.token_endpoint, data=data, headers=headers)

    async def _read_newer(self, old: StoredSignIn) -> StoredSignIn | None:
        """Read a sign-in that another process has stored since. None if there is none."""
        newer = await self.read()
        if newer is None or newer.token == old.token:
            return None
        self._stored = newer
        return newer

    async def read(self) -> StoredSignIn | None:
        """Read the sign-in from the keychain. None if there is none for this address."""
        name = sign_in_name(self._name)
        await self._keys.load({name: self._url}, again=True)
        text = self._keys.find(name, self._url)
        try:
            stored = StoredSignIn.model_validate_json(text or "")
        except ValidationError:
            return None
        if stored.url != self._url:
            return None
        token = stored.token
        self.add_secrets(token.access_token, token.refresh_token, stored.client.client_secret)
        return stored

    async def store(self, sign_in: StoredSignIn) -> bool:
        """Store a sign-in. Returns False if it lasts for this session only, without a keychain."""
        token = sign_in.token
        self.add_secrets(token.access_token, token.refresh_token, sign_in.client.client_secret)
        text = sign_in.model_dump_json(exclude_none=True, exclude={"token": {"expires_in"}})
        status = await self._keys.set(sign_in_name(self._name), text, self._url)
        self._stored = sign_in
        return status.source == "keychain"

    def check(self, address: str) -> None:
        """Refuse an address that a server must not send this program to.

        Raises:
            ToolError: it is neither https nor local, or a server elsewhere names a local address.
        """
        endpoint = Endpoint("mcp", self._name, address, key_required=False)
        endpoint.check()
        own = Endpoint("mcp", self._name, self._url, key_required=False)
        if endpoint.on_this_machine and not own.on_this_machine:
            raise self.error("It leads to an address on this machine, which is not safe.")

    def error(self, text: str) -> ToolError:
        """Make an error whose text contains no token."""
        words = redact(" ".join(text.split()), self.secrets())[:500]
        return ToolFailed(f"{self._name}: {words}")


def _is_revoked(response: httpx2.Response) -> bool:
    """Whether an answer says that the refresh token or the program's registration is not valid.

    The status alone does not: a firewall refuses with 403, and other errors of OAuth have 400 too.
    """
    try:
        return response.json()["error"] in ("invalid_grant", "invalid_client")
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def refresh_time(token: OAuthToken) -> float | None:
    """The time to refresh a token, in seconds since 1970. None if it does not expire."""
    if token.expires_in is None:
        return None
    return time.time() + token.expires_in - min(REFRESH_MARGIN_S, token.expires_in / 10)
