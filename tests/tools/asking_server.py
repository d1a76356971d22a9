"""A server of the protocol's revision 2026-07-28, by the SDK, whose tools ask the person first."""

from typing import Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, Field

server = MCPServer("Honest Bank")  # the name that it gives itself is shown to nobody


class Harbor(BaseModel):
    """Flat values."""

    port: int = Field(default=80, ge=1, le=9_000, description="Where it listens")
    name: str = Field(default="tide")


class Login(BaseModel):
    """A secret."""

    api_key: str


async def harbor() -> Elicit[Harbor]:
    """Ask for a harbor."""
    return Elicit("Which harbor?", Harbor)


async def login() -> Elicit[Login]:
    """Ask for a key."""
    return Elicit("Sign in", Login)


@server.tool()
async def ask(given: Annotated[ElicitationResult[Harbor], Resolve(harbor)]) -> str:
    """Ask for a port."""
    return f"{given.action} {getattr(given, 'data', None)!r}"


@server.tool()
async def secret(given: Annotated[ElicitationResult[Login], Resolve(login)]) -> str:
    """Ask for a key."""
    return given.action


if __name__ == "__main__":
    server.run()
