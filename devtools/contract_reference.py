"""Writes the reference of the contract from its models: Markdown for the site of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from devtools.contract_ts import NAMESPACES, MethodSignature, Writer, everything, methods

HEAD = """\
# Contract reference

What crosses the bridge, as the page sees it. It is generated from the models in `shell/contract/`
and the signatures in `shell/api/`, as `web/src/bridge/contract.ts` is.

"""


def reference() -> str:
    """Render the whole page."""
    writer = Writer()
    everything(writer)
    declared = {_name(text): text for text in writer.declarations()}
    lines = ["## Methods", ""]
    for prefix, namespace in NAMESPACES.items():
        lines += [f"### {prefix}", ""]
        for method in methods(prefix, namespace):
            lines += _method(method, writer, declared)
    lines += ["## Types", ""]
    for name, text in declared.items():
        used = sorted(_used(text, declared) - {name})
        lines += [f"### {name}", "", "```ts", text.strip(), "```", ""]
        lines += [f"Uses {_links(used)}.", ""] if used else []
    return HEAD + "\n".join(lines)


def _method(method: MethodSignature, writer: Writer, declared: dict[str, str]) -> Iterator[str]:
    given = ""
    if method.params is not None:
        given = f"params: {writer.type_of(method.params, 'validation')}"
    name = to_camel(method.wire.partition(".")[2])
    result = writer.type_of(method.result, "serialization")
    text = f"{name}({given}): Promise<{result}>"
    yield from (f"#### {method.wire}", "", method.doc, "", "```ts", text, "```", "")
    if used := sorted(_used(text, declared)):
        yield from (f"Uses {_links(used)}.", "")


def _name(declaration: str) -> str:
    return str(re.findall(r"^export (?:interface|type) (\w+)", declaration, re.MULTILINE)[0])


def _used(text: str, declared: dict[str, str]) -> set[str]:
    code = re.sub(r"/\*\*.*?\*/", "", text, flags=re.DOTALL)
    return {*re.findall(r"\w+", re.sub(r'"[^"]*"', "", code))} & declared.keys()


def _links(names: list[str]) -> str:
    return ", ".join(f"[`{name}`](#{name.lower()})" for name in names)
