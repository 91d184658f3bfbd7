"""Any JSON, and JSON that is nearly a chat request."""

from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


def perhaps(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly good, at times any JSON."""
    return st.one_of(good, good, good, values)


functions = st.fixed_dictionaries(
    {"name": perhaps(texts)},
    optional={"arguments": perhaps(texts), "parameters": perhaps(st.just({"type": "object"}))},
)
calls = st.fixed_dictionaries(
    {},
    optional={
        "id": perhaps(texts),
        "type": perhaps(st.sampled_from(["function", "custom", "type", "id"])),
        "function": perhaps(functions),
        "custom": values,
    },
)
parts = st.fixed_dictionaries(
    {"type": perhaps(st.sampled_from(["text", "image_url"]))}, optional={"text": perhaps(texts)}
)
roles = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"])
messages = st.fixed_dictionaries(
    {"role": perhaps(roles)},
    optional={
        "content": perhaps(st.one_of(st.none(), texts, st.lists(perhaps(parts), max_size=3))),
        "tool_calls": perhaps(st.lists(perhaps(calls), max_size=2)),
        "tool_call_id": values,
        "name": values,
    },
)
choices = st.one_of(st.just("auto"), st.just({"type": "function", "function": {"name": "f"}}))
requests = st.fixed_dictionaries(
    {"model": perhaps(st.just("m")), "messages": perhaps(st.lists(messages, max_size=3))},
    optional={
        "stream": perhaps(st.booleans()),
        "stream_options": perhaps(st.fixed_dictionaries({"include_usage": values})),
        "tools": perhaps(st.lists(perhaps(calls), max_size=2)),
        "tool_choice": perhaps(choices),
        "temperature": values,
        "max_tokens": values,
        "max_completion_tokens": values,
        "unknown": values,
    },
)
