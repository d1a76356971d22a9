"""A server of the protocol's revision 2026-07-28, by the SDK, whose tools ask the person first."""

from typing import Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, Field

server = MCPServer("Honest Bank")  # the window never shows a server's name for itself


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
async def ask(answer: Annotated[ElicitationResult[Harbor], Resolve(harbor)]) -> str:
    """Ask for a port."""
    return f"{answer.action} {getattr(answer, 'data', None)!r}"


@server.tool()
async def secret(answer: Annotated[ElicitationResult[Login], Resolve(login)]) -> str:
    """Ask for a key."""
    return answer.action


if __name__ == "__main__":
    server.run()
