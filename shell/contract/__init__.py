"""Defines every value that crosses the bridge, and nothing else.

The bridge validates with these models, `python3 dev.py types` writes `web/src/bridge/contract.ts`
from them, and a test fails when that file is stale. On the wire names are camelCase; times are
milliseconds.
"""

from shell.contract.base import *
from shell.contract.budgets import *
from shell.contract.conversations import *
from shell.contract.envelopes import *
from shell.contract.events import *
from shell.contract.mcp import *
from shell.contract.messages import *
from shell.contract.providers import *
from shell.contract.requests import *
from shell.contract.search import *
from shell.contract.settings import *
from shell.contract.tools import *
from shell.contract.topics import *
from shell.contract.transfer import *
