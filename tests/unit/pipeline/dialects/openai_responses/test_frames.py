import pytest

from llm_proxy.pipeline.dialects.openai_responses.frames import event_fields, written_frame


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b'event: a\ndata: {"type":"a"}\n\n', {"type": "a"}),
        (b'event: a\ndata: {"x":1}\n\n', {"x": 1, "type": "a"}),
        (b'event:a\r\ndata:{"x":1}\r\n\r\n', {"x": 1, "type": "a"}),
        (b'data: {"x":\ndata: 1}\n\n', {"x": 1}),
        (b'event: a\nid: 1\ndata: {"x":1}\n\n', {"x": 1, "type": "a"}),
        (b": ping\n\n", None),
        (b"event: a\n\n", None),
        (b"data: [1]\n\n", [1]),
    ],
)
def test_fields_of_a_frame(raw: bytes, fields: object) -> None:
    assert fields == event_fields(raw)


def test_a_frame_that_is_written_can_be_read() -> None:
    raw = written_frame("a", {"x": "é"}, 3)
    assert {"type": "a", "sequence_number": 3, "x": "é"} == event_fields(raw)
