"""A template and a summary for messages of tests."""

from shell.contract import Compaction, MessageTemplate, Usage

TEMPLATE = MessageTemplate(
    name="letter", version="0f3a", values={"to": "the harbor office", "polite": True, "lines": [1]}
)
USAGE = Usage(
    input_tokens=900, output_tokens=40, reasoning_tokens=0, cached_tokens=0, estimated=True
)
COMPACTION = Compaction(
    text="They talked of the tide.",
    provider_id="echo",
    model_id="echo",
    created_at=1_700_000_000_000,
    messages=2,
    usage=USAGE,
)
