"""Conversations of parts in any order, as clients send them."""

from hypothesis import strategies as st

from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message

IMAGE = Image(Media("image/png", data="iVBORw0KGgo="))
DOCUMENT = Document(Media("application/pdf", data="JVBERi0="), "a.pdf")
SEAL = Seal("openai_chat", {"reasoning_details": [{"type": "x"}]}, "vendor")

words = st.sampled_from(["", "one", "two", "three", "x-anthropic-billing-header: cc"])
texts = words.map(Text)
ids = st.sampled_from(["1", "2", "", "3"])
results = st.builds(
    ToolResult,
    ids,
    st.lists(
        st.one_of(texts, st.sampled_from([IMAGE, OpaquePart({"type": "x"}, "x")])), max_size=2
    ).map(tuple),
    st.booleans(),
)
calls = st.builds(
    ToolCall, ids, st.sampled_from(["f", "g.h", ""]), st.sampled_from(["", "{}", "no JSON"])
)
parts: st.SearchStrategy[Part] = st.one_of(
    texts,
    texts,
    calls,
    calls,
    results,
    results,
    words.map(Refusal),
    words.map(Reasoning),
    st.sampled_from(
        [
            IMAGE,
            DOCUMENT,
            Audio(Media("audio/wav", data="UklGRg==")),
            Reasoning("", SEAL),
            OpaquePart({"type": "video"}, "video"),
        ]
    ),
)
messages = st.builds(
    Message,
    st.sampled_from(["system", "developer", "user", "assistant", "assistant", "tool"]),
    st.lists(parts, max_size=4).map(tuple),
)
requests = st.lists(messages, max_size=8).map(lambda talk: ChatRequest("m", talk))
