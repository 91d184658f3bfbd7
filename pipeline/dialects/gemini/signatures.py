"""Thought signatures: bytes in base64 that a part may carry, and that go back with it.

Another vendor's state travels in the same field, as the base64 of a tag's letters, for clients
decode and encode what stands there, in either alphabet.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.gemini.formats import NAME
from llm_proxy.pipeline.dialects.gemini.wire_names import get
from llm_proxy.pipeline.dialects.media import standard_base64
from llm_proxy.pipeline.dialects.seals import MARK, tag, untag
from llm_proxy.pipeline.parts import Seal

FIELD = "thoughtSignature"

PLACEHOLDER = "skip_thought_signature_validator"
"""What the vendor takes in place of a signature that nobody has any more."""

_CODED_MARK = base64.b64encode(MARK.encode()[:3]).decode()
"""How the base64 of any tag begins."""

_LOST = Seal("", {}, "")
"""In place of a damaged tag: nobody's, so that it goes to nobody."""


def signature_of(part: Mapping[str, Any]) -> str:
    """The signature on a part as it came; empty if there is none."""
    value = get(part, FIELD)
    return value if isinstance(value, str) else ""


def tagged_seals(signature: str) -> list[Seal] | None:
    """The seals in a signature that is a tag of ours; None for the vendor's own."""
    text = signature if signature.startswith(MARK) else _decoded(signature)
    seals = untag(text)
    return [_LOST] if seals == [] else seals


def _decoded(signature: str) -> str:
    if not signature.startswith(_CODED_MARK):
        return ""
    try:
        return base64.b64decode(standard_base64(signature)).decode("ascii", "replace")
    except binascii.Error:
        return MARK  # it was a tag once


def signature_in(seal: Seal) -> str:
    """The vendor's own signature in a seal of this dialect; empty if there is none."""
    value = seal.block.get(FIELD) if seal.dialect == NAME else None
    return value if isinstance(value, str) else ""


def tagged(seals: Sequence[Seal]) -> str:
    """Other vendors' seals as a signature."""
    return base64.b64encode(tag(seals).encode()).decode()
