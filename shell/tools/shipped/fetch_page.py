"""Reads public web pages."""

from shell.tools import tool


@tool(reads=False, brings=True, sends=True)
async def fetch_page(url: str) -> str:
    """Read a public web page as text. Pages of this machine and its network are refused.

    Args:
        url: the address of the page, with http:// or https://
    """
    from shell.tools.web import fetch  # here, because it is slow to import

    return await fetch(url)
