"""A client of this dialect whose earlier answers came from other vendors."""

import json
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.openai_chat.read_request import read_request
from llm_proxy.pipeline.dialects.openai_chat.write_request import write_request
from llm_proxy.pipeline.dialects.seals import FOREIGN, tag
from llm_proxy.pipeline.parts import Seal

NATIVE = {"type": "reasoning.text", "text": "hm", "signature": "s", "index": 0}
USER = {"role": "user", "content": "hi", "name": "ann"}


def tagged(dialect: str, maker: str) -> dict[str, Any]:
    block = {"reasoning_details": [NATIVE]}
    return {"type": "reasoning.encrypted", "data": tag([Seal(dialect, block, maker)])}


def body(*details: Any) -> bytes:
    turn = {"role": "assistant", "content": "a", "reasoning_content": "hm", "x": 1}
    if details:
        turn["reasoning_details"] = list(details)
    return json.dumps({"model": "m", "messages": [USER, turn, USER]}, indent=1).encode()


def written(raw: bytes) -> Written:
    return write_request(read_request(raw), Recipient("m", "vendor"))


@pytest.mark.parametrize("details", [(), (NATIVE,), (NATIVE, {"type": "new"})])
def test_what_is_native_leaves_byte_for_byte(details: tuple[Any, ...]) -> None:
    assert Written(body(*details)) == written(body(*details))


@pytest.mark.parametrize(
    ("dialect", "maker"), [("anthropic_messages", "vendor"), ("openai_chat", "other")]
)
def test_other_vendors_state_stays_here(dialect: str, maker: str) -> None:
    sent = written(body(NATIVE, tagged(dialect, maker)))
    assert json.loads(body(NATIVE)) == json.loads(sent.body)
    assert (f"dropped {FOREIGN}",) == sent.losses


def test_the_vendors_own_state_comes_out_of_its_tag() -> None:
    sent = written(body(tagged("openai_chat", "vendor")))
    assert json.loads(body(NATIVE)) == json.loads(sent.body)
    assert () == sent.losses
