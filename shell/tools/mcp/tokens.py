"""Keeps what a sign-in to a server has given, and renews it."""

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

MARGIN_S = 30.0
"""A token is renewed this long before it ends, or after nine tenths of its time."""
OpenClient = Callable[[], httpx2.AsyncClient]


class KeptSignIn(BaseModel):
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
        """Whether the token must be renewed before it is used."""
        return self.expires_at is not None and time.time() >= self.expires_at

    def renewed(self, token: OAuthToken) -> "KeptSignIn":
        """The same sign-in with a new token. What the answer leaves out has stayed the same."""
        same = {"refresh_token": self.token.refresh_token, "scope": self.token.scope}
        given = token.model_dump(exclude_none=True)
        return self.model_copy(
            update={
                "token": OAuthToken.model_validate({**same, **given}),
                "expires_at": end_of(token),
            }
        )


@dataclass
class Collected:
    """Has what one sign-in results in, for the SDK."""

    client: OAuthClientInformationFull | None
    token: OAuthToken | None

    async def get_tokens(self) -> OAuthToken | None:
        """Give the token."""
        return self.token

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Take the token."""
        self.token = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Give what the program is known as."""
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Take what the program is known as."""
        self.client = client_info


class Tokens:
    """The tokens of one server, in the keychain; its arguments are those of `SignIn`. Loop thread
    only.
    """

    def __init__(self, name: str, url: str, keys: Keys, open_client: OpenClient) -> None:
        self._name = name
        self._url = url
        self._keys = keys
        self._open_client = open_client
        self._kept: KeptSignIn | None = None
        self._has_read = False
        self._renewal: asyncio.Task[KeptSignIn | None] | None = None
        self._seen: set[str] = set()

    def secrets(self) -> Sequence[str]:
        """What no text may contain: every token that this process has had."""
        return list(self._seen)

    def hide(self, *secrets: str | None) -> None:
        """Let no text contain these."""
        self._seen.update(filter(None, secrets))

    def read_again(self) -> None:
        """Look into the keychain before the next use: a person may have signed in elsewhere."""
        self._has_read = False

    async def close(self) -> None:
        """Wait until a token that is being renewed is kept."""
        if self._renewal is not None:
            await asyncio.gather(self._renewal, return_exceptions=True)

    async def forget(self) -> None:
        """Remove the tokens, here and in the keychain."""
        self._kept = None
        await self._keys.remove(sign_in_name(self._name), self._url)

    async def current(self) -> KeptSignIn | None:
        """What is kept, renewed if it has ended; None if nobody has signed in."""
        if not self._has_read:
            self._kept = await self.read()
            self._has_read = True
        if self._kept is not None and self._kept.has_expired:
            return await self.newer(self._kept)
        return self._kept

    async def newer(self, old: KeptSignIn) -> KeptSignIn | None:
        """A token that came after this one. However many ask for it, it is asked for once."""
        if self._kept is not None and self._kept.token != old.token:
            return self._kept
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(old), name=f"token of {self._name}")
            self._renewal.add_done_callback(read_exception)
        # Whoever stops waiting does not stop it: the server has ended the old token already.
        return await asyncio.shield(self._renewal)

    async def _renew(self, old: KeptSignIn) -> KeptSignIn | None:
        elsewhere = await self._renewed_elsewhere(old)
        if elsewhere is not None:
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
            raise self.error(text) from None
        if answer.status_code in (400, 401, 403):
            # Another process may have used the token up at this moment; else it was revoked.
            elsewhere = await self._renewed_elsewhere(old)
            if elsewhere is None:
                await self.forget()
            return elsewhere
        try:
            if answer.status_code != 200:
                raise ValueError
            renewed = old.renewed(OAuthToken.model_validate_json(answer.content))
        except ValueError:
            text = f"The sign-in cannot be renewed; the server answers {answer.status_code}."
            raise self.error(text) from None
        await self.keep(renewed)  # first, as the old one is used up
        return renewed

    def _renewal_request(self, old: KeptSignIn, refresh_token: str) -> httpx2.Request:
        self.check(old.token_endpoint)
        context = OAuthContext(
            self._url,
            OAuthClientMetadata(redirect_uris=None),
            Collected(None, None),
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

    async def _renewed_elsewhere(self, old: KeptSignIn) -> KeptSignIn | None:
        """Use what another process has renewed, or a person has signed in with; None if nothing."""
        elsewhere = await self.read()
        if elsewhere is None or elsewhere.token == old.token:
            return None
        self._kept = elsewhere
        return elsewhere

    async def read(self) -> KeptSignIn | None:
        """What the keychain has."""
        name = sign_in_name(self._name)
        await self._keys.load({name: self._url}, again=True)
        written = self._keys.find(name, self._url)
        try:
            kept = KeptSignIn.model_validate_json(written or "")
        except ValidationError:
            return None
        if kept.url != self._url:
            return None
        self.hide(kept.token.access_token, kept.token.refresh_token, kept.client.client_secret)
        return kept

    async def keep(self, kept: KeptSignIn) -> bool:
        """Keep a sign-in. False if it is for this session only, as there is no keychain."""
        self.hide(kept.token.access_token, kept.token.refresh_token, kept.client.client_secret)
        text = kept.model_dump_json(exclude_none=True, exclude={"token": {"expires_in"}})
        status = await self._keys.set(sign_in_name(self._name), text, self._url)
        self._kept = kept
        return status.source == "keychain"

    def check(self, address: str) -> None:
        """Refuse an address that a server must not lead us to.

        Raises:
            ToolError: it is neither https nor on this machine, or leads from elsewhere to here.
        """
        endpoint = Endpoint("mcp", self._name, address, key_required=False)
        endpoint.check()
        ours = Endpoint("mcp", self._name, self._url, key_required=False)
        if endpoint.on_this_machine and not ours.on_this_machine:
            raise self.error("It leads to an address on this machine, which is not safe.")

    def error(self, text: str) -> ToolError:
        """An error without any token."""
        words = redact(" ".join(text.split()), self.secrets())[:500]
        return ToolFailed(f"{self._name}: {words}")


def end_of(token: OAuthToken) -> float | None:
    """When a token should be renewed, in seconds since 1970; None if it does not end."""
    if token.expires_in is None:
        return None
    return time.time() + token.expires_in - min(MARGIN_S, token.expires_in / 10)
