"""Shows, changes and fills in prompt templates: the `templates` namespace."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from shell.bridge.caller import Caller
from shell.contract import (
    CheckedTemplate,
    RenderedTemplate,
    RenderRequest,
    SavedVersion,
    TemplateChange,
    TemplateDetail,
    TemplateFile,
    TemplateName,
    TemplateQuery,
    TemplateRename,
    TemplateSummary,
    TemplateText,
)
from shell.conversations.templates.library import Templates


class TemplatesApi:
    """The `templates` namespace. Templates are files; a child process fills them in.

    Args:
        data: the data directory.
    """

    def __init__(self, data: Path) -> None:
        self._templates = Templates(data)

    async def list(self, caller: Caller) -> Sequence[TemplateSummary]:
        """List every template by name, also those with a problem."""
        return await asyncio.to_thread(self._templates.summaries)

    async def get(self, caller: Caller, params: TemplateQuery) -> TemplateDetail:
        """Get a template with its text and its form; perhaps in an earlier version."""
        return await asyncio.to_thread(self._templates.get, params.name, params.version)

    async def check(self, caller: Caller, text: TemplateText) -> CheckedTemplate:
        """Check a text; returns its form, or the problem in it. Nothing is written."""
        found = await asyncio.to_thread(self._templates.check, text)
        return CheckedTemplate(inputs=found.inputs, problem=found.problem)

    async def render(self, caller: Caller, params: RenderRequest) -> RenderedTemplate:
        """Fill in a template with values; returns the text. Nothing is sent."""
        return await asyncio.to_thread(
            self._templates.render, params.name, params.values, params.version, params.text
        )

    async def save(self, caller: Caller, params: TemplateChange) -> TemplateDetail:
        """Save a template. Its previous text stays as an earlier version."""
        return await asyncio.to_thread(
            self._templates.save, params.name, params.text, params.version
        )

    async def create(self, caller: Caller, params: TemplateChange) -> TemplateDetail:
        """Save a new template, under another name if this one is taken."""
        return await asyncio.to_thread(self._templates.create, params.name, params.text)

    async def duplicate(self, caller: Caller, name: TemplateName) -> TemplateDetail:
        """Save a copy of a template."""
        return await asyncio.to_thread(self._templates.duplicate, name)

    async def rename(self, caller: Caller, params: TemplateRename) -> TemplateDetail:
        """Give a template another name, or move it into a folder."""
        return await asyncio.to_thread(self._templates.rename, params.name, params.to)

    async def remove(self, caller: Caller, name: TemplateName) -> bool:
        """Remove a template. `restore` brings it back."""
        await asyncio.to_thread(self._templates.remove, name)
        return True

    async def restore(self, caller: Caller, name: TemplateName) -> TemplateDetail:
        """Restore a template that was removed."""
        return await asyncio.to_thread(self._templates.restore, name)

    async def versions(self, caller: Caller, name: TemplateName) -> Sequence[SavedVersion]:
        """List the earlier versions of a template, the newest first."""
        return await asyncio.to_thread(self._templates.versions, name)

    async def import_file(self, caller: Caller, params: TemplateFile) -> Sequence[TemplateSummary]:
        """Import the templates of a file, also from other programs."""
        return await asyncio.to_thread(self._templates.import_file, params.name, params.text)
