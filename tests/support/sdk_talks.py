"""Conversations as programs hold them through the official SDKs: each turn sends all before it."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from anthropic import Anthropic
from google import genai
from google.genai import types
from openai import OpenAI

from tests.support.sdk_answers import STOPPED

_numbers = itertools.count(1)


class Sdks:
    """The three SDKs with one key before one server; use as a context manager."""

    def __init__(self, url: str, key: str = "fake-key") -> None:
        self._url = url
        self._key = key
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        url, key, enter = self._url, self._key, self._stack.enter_context
        self.openai = enter(OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0))
        self.anthropic = enter(Anthropic(base_url=url, api_key=key, max_retries=0))
        self.google = enter(genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url)))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def talk(self, client: str, model: str, **more: Any) -> "Talk":
        """A new conversation of the SDK for this dialect, begun unlike any other."""
        return _TALKS[client](self, model, **{"system": f"Be number {next(_numbers)}.", **more})


Answer = tuple[str, str, Sequence[Any]]
"""The text, how the dialect says that it ended, and what belongs into the history."""


@dataclass
class Talk(ABC):
    """`turns` is the history in the SDK's own form."""

    sdks: Sdks
    model: str
    system: str | None = None
    stream: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    turns: list[Any] = field(default_factory=list[Any])

    client: ClassVar[str]

    def say(self, text: str) -> str:
        """The user's next turn; the text of the answer, which has ended well."""
        self.turns.append(self._turn("user", text))
        return self.go_on()

    def go_on(self) -> str:
        """The answer to all that has been said."""
        text, finish, turns = self._ask()
        assert finish == STOPPED[self.client]
        self.turns += turns
        return text

    def said(self, role: str, text: str) -> None:
        """A turn of a user or assistant that is told as if it had been."""
        self.turns.append(self._turn(role, text))

    @abstractmethod
    def called(self, result: str) -> None:
        """The assistant has called a tool and got this."""

    @abstractmethod
    def _turn(self, role: str, text: str) -> Any: ...

    @abstractmethod
    def _ask(self) -> Answer: ...


class _Chat(Talk):
    client = "openai_chat"

    def called(self, result: str) -> None:
        function = {"name": "look", "arguments": "{}"}
        calls = [{"id": "call_1", "type": "function", "function": function}]
        self.turns += [
            {"role": "assistant", "content": None, "tool_calls": calls},
            {"role": "tool", "tool_call_id": "call_1", "content": result},
        ]

    def _turn(self, role: str, text: str) -> Any:
        return {"role": role, "content": text}

    def _ask(self) -> Answer:
        told = [{"role": "system", "content": self.system}] if self.system else []
        asked: Any = {
            "model": self.model,
            "messages": [*told, *self.turns],
            "extra_headers": self.headers,
        }
        if self.stream:
            with self.sdks.openai.chat.completions.stream(**asked) as events:
                completion: Any = events.get_final_completion()
        else:
            completion = self.sdks.openai.chat.completions.create(**asked)
        (choice,) = completion.choices
        kept = choice.message.model_dump(include={"role", "content"})
        return choice.message.content, choice.finish_reason, [kept]


class _Responses(Talk):
    client = "openai_responses"

    def called(self, result: str) -> None:
        self.turns += [
            {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": result},
        ]

    def _turn(self, role: str, text: str) -> Any:
        return {"role": role, "content": text}

    def _ask(self) -> Answer:
        asked: Any = {
            "model": self.model,
            "input": self.turns,
            "instructions": self.system,
            "extra_headers": self.headers,
        }
        if self.stream:
            with self.sdks.openai.responses.stream(**asked) as events:
                response: Any = events.get_final_response()
        else:
            response = self.sdks.openai.responses.create(**asked)
        kept = [item.model_dump(exclude_none=True) for item in response.output]
        return response.output_text, response.status, kept


class _Messages(Talk):
    client = "anthropic_messages"

    def called(self, result: str) -> None:
        use = {"type": "tool_use", "id": "call_1", "name": "look", "input": {}}
        back = {"type": "tool_result", "tool_use_id": "call_1", "content": result}
        self.turns += [
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [back]},
        ]

    def _turn(self, role: str, text: str) -> Any:
        return {"role": role, "content": text}

    def _ask(self) -> Answer:
        asked: Any = {
            "model": self.model,
            "max_tokens": 500,
            "messages": self.turns,
            "extra_headers": self.headers,
            **({"system": self.system} if self.system else {}),
        }
        if self.stream:
            with self.sdks.anthropic.messages.stream(**asked) as events:
                message: Any = events.get_final_message()
        else:
            message = self.sdks.anthropic.messages.create(**asked)
        text = "".join(block.text for block in message.content if block.type == "text")
        content = [block.model_dump(exclude_none=True) for block in message.content]
        return text, message.stop_reason, [{"role": "assistant", "content": content}]


class _Gemini(Talk):
    """By the SDK's own chat, which keeps each chunk of a stream as a turn."""

    client = "gemini"

    def called(self, result: str) -> None:
        call = types.FunctionCall(id="call_1", name="look", args={})
        back = types.FunctionResponse(id="call_1", name="look", response={"output": result})
        self.turns += [
            types.Content(role="model", parts=[types.Part(function_call=call)]),
            types.Content(role="user", parts=[types.Part(function_response=back)]),
        ]

    def _turn(self, role: str, text: str) -> Any:
        role = "model" if role == "assistant" else role
        return types.Content(role=role, parts=[types.Part(text=text)])

    def _ask(self) -> Answer:
        *before, newest = self.turns
        config = types.GenerateContentConfig(
            system_instruction=self.system,
            http_options=types.HttpOptions(headers=dict(self.headers)),
        )
        chat = self.sdks.google.chats.create(model=self.model, config=config, history=before)
        if self.stream:
            chunks: list[Any] = list(chat.send_message_stream(newest.parts))
        else:
            chunks = [chat.send_message(newest.parts)]
        text = "".join(chunk.text or "" for chunk in chunks)
        kept = chat.get_history(curated=True)[len(self.turns) :]
        return text, chunks[-1].candidates[0].finish_reason.value, kept


_TALKS: dict[str, type[Talk]] = {
    talk.client: talk for talk in (_Chat, _Responses, _Messages, _Gemini)
}
