"""Asking for the rest of an answer that broke off, in words that every model understands."""

from dataclasses import replace

from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Message

GO_ON = (
    "Your last answer was cut off by the connection. Go on with it: write what comes next, "
    "beginning with the very next character. Repeat nothing of it, and do not mention this."
)


def continuing(request: ChatRequest, text: str) -> ChatRequest:
    """The request, asking for what comes after `text`; blanks are no turn that all vendors take."""
    if not text.strip():
        return request
    more = (Message("assistant", (Text(text),)), Message("user", (Text(GO_ON),)))
    return replace(request, messages=(*request.messages, *more))


def interrupted(request: ChatRequest) -> tuple[ChatRequest, str]:
    """The request that `continuing` was given, and the text; an empty one where it was not."""
    last = request.messages[-1]
    if last.role != "user" or last.text != GO_ON:
        return request, ""
    *before, answer, _ = request.messages
    return replace(request, messages=before), answer.text
