"""A model's sealed state as clients of this dialect keep it: in the signature of a thought."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.parts import Seal


def redacted_block(seal: Seal) -> Mapping[str, Any] | None:
    """The block of a thought that the vendor shows nobody; None for a seal of another kind."""
    is_redacted = seal.dialect == NAME and seal.block.get("type") == "redacted_thinking"
    return seal.block if is_redacted else None


def signature_of(seal: Seal) -> str:
    """This dialect's own signature, or another's state in a tag."""
    signature = seal.block.get("signature") if seal.dialect == NAME else None
    return signature if isinstance(signature, str) else tag([seal])
