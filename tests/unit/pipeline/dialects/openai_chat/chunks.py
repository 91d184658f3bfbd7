"""Streams of chat completion chunks, as vendors write them, for tests to read."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader
from llm_proxy.pipeline.events import Event, TextDelta

DONE = b"data: [DONE]\n\n"
ESCAPED = [r"\n", r"\\", r"\"", r"\/", r"\u0041", r"\ud83d\ude00", r"\u2028", r"\u0000", r"\r\n"]
PLAIN = ["\u2028", "é", "\U0001f600", "}]}", "{", "data: [DONE]", r"\"},\"finish_reason\":null}]}"]

bodies = st.lists(
    st.one_of(
        st.sampled_from([*ESCAPED, *PLAIN, "a", " "]),
        st.text(st.characters(codec="utf-8")).map(lambda text: json.dumps(text)[1:-1]),
        st.text(st.characters(codec="utf-8")).map(
            lambda text: json.dumps(text, ensure_ascii=False)[1:-1]
        ),
    ),
    max_size=4,
).map(lambda parts: "".join(parts).encode())
"""What may stand between the quotes of a JSON string."""

HEAD = b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":['
TEXTS = [
    HEAD + b'{"index":0,"delta":{"content":"%s"},"logprobs":null,"finish_reason":null}]}\n\n',
    HEAD + b'{"index":0,"delta":{"content":"%s"},"finish_reason":null}],"usage":null}\n\n',
    HEAD.replace(b"c1", b"c2") + b'{"index":0,"delta":{"content":"%s"}}]}\n\n',
    HEAD + b'{"delta":{"content":"%s","reasoning_content":null},"index":0}],"x":[1]}\n\n',
    HEAD + b'{"index":0,"delta":{"role":"assistant","content":"%s"}}]}\r\n\r\n',
    b'data: {"choices": [{"delta": {"content": "%s"}, "index": 0}]}\n\n',
    b'data:{"choices":[{"delta":{"content":"%s"}}]}\n\n',
    b'data: {"choices":[{"text":"\xc3\xa9","delta":{"content":"%s"}}]}\r\r',
    b': hi\ndata: {"choices":[{"delta":{"content":"%s"}}]}\n\n',
    b'data: {"system":{"content":"no"},"choices":[{"delta":{"content":"%s"}}]}\n\n',
    HEAD + b'{"index":0,"delta":{"content":"%s"},"logprobs":{"content":[{"token":"a"}]}}]}\n\n',
    HEAD + b'{"index":1,"delta":{"content":"%s"},"finish_reason":null}]}\n\n',
    HEAD + b'{"delta":{"content":"%s"},"finish_reason":null,"index":1}]}\n\n',
    HEAD + b'{"index":0,"delta":{"content":"%s"}},{"index":1,"delta":{"content":"one"}}]}\n\n',
    HEAD + b'{"index":1,"delta":{"content":"one"}},{"index":0,"delta":{"content":"%s"}}]}\n\n',
    HEAD + b'{"index":0,"delta":{"content":"%s"},"finish_reason":"stop"}]}\n\n',
    HEAD + b'{"index":0,"delta":{"content":"%s"}}],"usage":{"prompt_tokens":1}}\n\n',
]
OTHERS = [
    b": OPENROUTER PROCESSING\n\n",
    b'data: {"unknown":{"content":"x"}}\n\n',
    HEAD + b"]}\n\n",
    HEAD + b'{"index":0,"delta":{},"finish_reason":"length"}]}\n\n',
    HEAD + b'{"index":0,"delta":{"content":null,"tool_calls":[]},"finish_reason":""}]}\n\n',
    HEAD + b'{"index":0,"delta":null}]}\n\n',
    HEAD + b'{"index":0,"delta":{"content":"x","tool_calls":[{"index":0,"id":"a"}]}}]}\n\n',
    HEAD + b'],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}}\n\n',
]
STOP = HEAD + b'{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'

runs = st.tuples(st.sampled_from(TEXTS), st.lists(bodies, min_size=1, max_size=4)).map(
    lambda run: [run[0] % body for body in run[1]]
)
streams = st.lists(st.one_of(runs, runs, st.sampled_from(OTHERS).map(lambda frame: [frame]))).map(
    lambda groups: [*(frame for group in groups for frame in group), STOP, DONE]
)
"""Lists of frames, the last of which is `[DONE]`."""


def data(chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def delta(fields: object, reason: str | None = None, **more: Any) -> bytes:
    return data({"choices": [{"index": 0, "delta": fields, "finish_reason": reason}], **more})


def read(pieces: Iterable[bytes], reader: ChunkReader | None = None) -> list[Event]:
    reader = reader or ChunkReader()
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


def text_of(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def chunks_in(stream: bytes) -> list[Any]:
    """The chunks of a stream whose frames are one `data:` line each, by json alone."""
    lines = stream.replace(b"\r", b"\n").split(b"\n")
    values = [line[5:] for line in lines if line.startswith(b"data:")]
    return [json.loads(value) for value in values if value.strip() != b"[DONE]"]


def text_by_json(frames: Sequence[bytes]) -> str:
    """The first choice's text, each frame parsed alone."""
    return "".join(
        (choice.get("delta") or {}).get("content") or ""
        for frame in frames
        for chunk in chunks_in(frame)
        for choice in chunk.get("choices", [])
        if choice.get("index", 0) == 0
    )
