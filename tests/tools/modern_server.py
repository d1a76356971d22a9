"""A server of the protocol's revision 2026-07-28, by the SDK. Its tool adds a second tool."""

from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("modern")


@server.tool()
async def go(ctx: Context) -> str:
    """Add a tool."""
    server.add_tool(more, name="more")
    await ctx.notify_tools_changed()
    return "changed"


def more() -> str:
    """Say more."""
    return "more"


server.run()
