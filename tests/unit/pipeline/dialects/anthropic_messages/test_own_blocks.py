import json

from llm_proxy.pipeline.dialects.anthropic_messages.own_blocks import OwnBlocks, sse


def test_a_frame_is_named_after_its_type() -> None:
    assert b'event: ping\ndata: {"type":"ping"}\n\n' == sse("ping", {})


def test_blocks_are_numbered_behind_those_of_the_vendor() -> None:
    blocks = OwnBlocks()
    blocks.enter_theirs("text", 3)
    assert ("text", 3, 3, False) == (blocks.kind, blocks.theirs, blocks.index, blocks.are_mixed)
    assert b"" == blocks.needs("text", {})
    opened = blocks.needs("thinking", {"thinking": ""})
    assert b"content_block_stop" in opened
    assert (4, None, True) == (blocks.index, blocks.theirs, blocks.are_mixed)
    blocks.enter_theirs("text", 4)
    assert (5, 4) == (blocks.index, blocks.theirs)


def test_nothing_is_closed_twice() -> None:
    blocks = OwnBlocks()
    assert b"" == blocks.close()
    assert not blocks.are_mixed
    blocks.open("text", {"text": ""})
    data = json.loads(blocks.close().split(b"data: ")[1])
    assert {"type": "content_block_stop", "index": 0} == data
    assert b"" == blocks.close()
