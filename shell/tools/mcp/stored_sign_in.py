"""What is kept of a sign-in, and what the SDK is given to sign in with."""

# ruff: noqa: D102, the names are the SDK's

import time

from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import BaseModel, ConfigDict

MARGIN_S = 30.0
"""A token is renewed this long before it ends, or after nine tenths of its time."""


class StoredSignIn(BaseModel):
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
        """Whether the token is to be renewed."""
        return self.expires_at is not None and time.time() >= self.expires_at

    def renewed(self, token: OAuthToken) -> "StoredSignIn":
        """The same sign-in with a new token. What the answer leaves out has stayed the same."""
        same = {"refresh_token": self.token.refresh_token, "scope": self.token.scope}
        given = token.model_dump(exclude_none=True)
        return self.model_copy(
            update={
                "token": OAuthToken.model_validate({**same, **given}),
                "expires_at": end_of(token),
            }
        )


class CollectedTokens:
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


def end_of(token: OAuthToken) -> float | None:
    """When a token is to be renewed; None if it has no end."""
    if token.expires_in is None:
        return None
    return time.time() + token.expires_in - min(MARGIN_S, token.expires_in / 10)
