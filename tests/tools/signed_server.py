"""An MCP server that requires a sign-in, with the SDK's own authorization server, on this machine.

It runs in its own thread with its own event loop, so that a busy client cannot block it.
"""

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    TokenError,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

HOUR_S = 3_600
METADATA = "/.well-known/oauth-authorization-server"


class Provider(
    OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken],
):
    """Approves every sign-in at once, and issues refresh tokens that can be used once."""

    def __init__(self) -> None:
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.access: dict[str, AccessToken] = {}
        self.refresh: dict[str, RefreshToken] = {}
        self.issued: list[str] = []
        """Every token and secret issued so far."""
        self.authorizations: list[AuthorizationParams] = []
        self.redirect: dict[str, str | None] = {}
        """Parameters of the redirect besides the code and the state."""
        self.expires_in = HOUR_S
        self.renewals = 0
        self.may_renew = threading.Event()
        self.may_renew.set()
        self.required_refusals = 0
        """Number of requests to refuse before a token is renewed."""

    def end_access(self, *, required_refusals: int = 0) -> None:
        """End all access tokens, but keep the refresh tokens.

        Args:
            required_refusals: number of requests to refuse before a token is renewed.
        """
        self.access.clear()
        self.required_refusals = required_refusals
        if required_refusals:
            self.may_renew.clear()

    def revoke(self) -> None:
        """End all tokens, as a person does in the settings of a service."""
        self.access.clear()
        self.refresh.clear()

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info
        if client_info.client_secret is not None:
            self.issued.append(client_info.client_secret)

    async def authorize(
        self, client: OAuthClientInformationFull, params: AuthorizationParams
    ) -> str:
        self.authorizations.append(params)
        code = secrets.token_urlsafe(24)
        self.codes[code] = AuthorizationCode(
            code=code,
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        back = {"code": code, "state": params.state, **self.redirect}
        return construct_redirect_uri(str(params.redirect_uri), **back)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        del self.codes[authorization_code.code]
        return self._issue(client, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> RefreshToken | None:
        self.renewals += 1
        await asyncio.to_thread(self.may_renew.wait, 60)
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        if self.refresh.pop(refresh_token.token, None) is None:
            raise TokenError("invalid_grant")
        return self._issue(client, scopes, refresh_token.resource)

    async def load_access_token(self, token: str) -> AccessToken | None:
        access = self.access.get(token)
        if access is None:
            self.required_refusals -= 1
            if self.required_refusals <= 0:
                self.may_renew.set()
        return access

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.revoke()

    def _issue(
        self, client: OAuthClientInformationFull, scopes: list[str], resource: str | None
    ) -> OAuthToken:
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.issued += [access, refresh]
        self.access[access] = AccessToken(
            token=access, client_id=client.client_id, scopes=scopes, resource=resource
        )
        self.refresh[refresh] = RefreshToken(
            token=refresh, client_id=client.client_id, scopes=scopes, resource=resource
        )
        return OAuthToken(
            access_token=access,
            expires_in=self.expires_in,
            scope=" ".join(scopes),
            refresh_token=refresh,
        )


class SignedServer:
    """The server's address, its provider, and the faults that a test sets."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.url = f"{self.origin}/mcp"
        self.provider = Provider()
        self.issuer = self.origin
        """The issuer that the metadata names."""
        self.broken: set[str] = set()
        """Paths that answer 503."""
        self.answers: dict[str, object] = {}
        """JSON values or whole responses that replace the right answers, by path."""
        server = MCPServer(
            "signed",
            auth_server_provider=self.provider,
            auth=AuthSettings(
                issuer_url=AnyHttpUrl(self.origin),
                resource_server_url=AnyHttpUrl(self.url),
                required_scopes=["tides"],
                validate_token_resource=True,
                client_registration_options=ClientRegistrationOptions(
                    enabled=True, valid_scopes=["tides"], default_scopes=["tides"]
                ),
            ),
        )

        @server.tool()
        async def tide(place: str) -> str:
            """Tell the tide of a place."""
            return f"high at {place}"

        @server.tool()
        async def echo_tokens() -> str:
            """Tell what no server should tell."""
            return " ".join(self.provider.issued)

        self._app = server.streamable_http_app()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = str(scope.get("path"))
        answer: Response | None = None
        if path in self.broken:
            answer = Response(status_code=503)
        elif path in self.answers:
            given = self.answers[path]
            answer = given if isinstance(given, Response) else JSONResponse(given)
        elif path == METADATA and self.issuer != self.origin:
            metadata = {name: f"{self.origin}/{name}" for name in ("authorize", "token")}
            answer = JSONResponse(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": metadata["authorize"],
                    "token_endpoint": metadata["token"],
                    "response_types_supported": ["code"],
                }
            )
        await (answer or self._app)(scope, receive, send)


@contextmanager
def signed_server() -> Iterator[SignedServer]:
    """Run a server, and end it afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        signed = SignedServer(listener.getsockname()[1])
        config = uvicorn.Config(
            signed.app, interface="asgi3", log_config=None, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="signed server")
        thread.start()
        try:
            yield signed
        finally:
            server.should_exit = True
            thread.join()
