"""The stage that carries commands out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from llm_proxy.pipeline.events import End, Finish, Start, TextDelta, Usage
from llm_proxy.pipeline.exchange import Exchange, SessionState
from llm_proxy.pipeline.parts import Part, Text
from llm_proxy.pipeline.registry import Registry, did_you_mean
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call, Mistake, mentions, parse_commands

_MOST_CALLS = 50

ERROR = "llm-proxy error: "


class CommandsOptions(StageOptions):
    """Options of `commands`."""

    prefix: str = Field(default="!/", min_length=1, description="What a command begins with.")


class Commands(Stage[CommandsOptions]):
    """Carries out commands that the user typed at the start of a line of the newest message.

    A message of commands alone is answered here, without a call upstream; beside other text they
    are carried out and cut out. What they set is applied to every request of the session, and
    turns that were commands, with the answers to them, are kept from the model.
    """

    Options = CommandsOptions
    requires = frozenset({"session"})

    def __init__(self, options: CommandsOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        registry = Registry("command", BUILTIN, Command, "llm_proxy.commands")
        self._commands = {name: registry.find(name)() for name in registry.names}

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        request = exchange.request
        message, calls = self._typed(request)
        if calls and not request.counts_only:
            desk = self._desk(exchange)
            answers, failed = self._carry_out(calls, desk)
            if desk.changed and exchange.session:
                await exchange.session.save(desk.state)
                exchange = replace(exchange, session=replace(exchange.session, state=desk.state))
            if failed or not message.parts:
                return _answer(request, "\n".join(answers))
            request = replace(request, messages=[*request.messages[:-1], message])
        request = self._scrubbed(request)
        return await call_next(exchange.with_request(_applied(request, exchange)))

    def _desk(self, exchange: Exchange) -> Desk:
        state = exchange.session.state if exchange.session else SessionState()
        return Desk(state, self._commands, self.options.prefix, exchange.session is not None)

    def _typed(self, request: ChatRequest) -> tuple[Message, Sequence[Call | Mistake]]:
        """The newest message without its commands, and the commands; only a user types any."""
        newest = request.messages[-1]
        if newest.role != "user":
            return newest, ()
        return self._cut(newest)

    def _cut(self, message: Message) -> tuple[Message, Sequence[Call | Mistake]]:
        calls: list[Call | Mistake] = []
        parts: list[Part] = []
        for part in message.parts:
            if not isinstance(part, Text):
                parts.append(part)
                continue
            parsed = parse_commands(part.text, self.options.prefix)
            calls += parsed.calls
            if not parsed.calls:
                parts.append(part)
            elif parsed.rest.strip():
                parts.append(replace(part, text=parsed.rest))
        return (message.with_parts(parts) if calls else message), calls

    def _carry_out(self, calls: Sequence[Call | Mistake], desk: Desk) -> tuple[list[str], bool]:
        """The answers, and whether one is an error: then nothing after it is carried out."""
        if len(calls) > _MOST_CALLS:
            return [f"{ERROR}at most {_MOST_CALLS} commands in one message, please"], True
        answers: list[str] = []
        for call in calls:
            try:
                answers.append(self._run(call, desk))
            except CommandError as error:
                return [*answers, f"{ERROR}{error}"], True
        return answers, False

    def _run(self, call: Call | Mistake, desk: Desk) -> str:
        prefix = self.options.prefix
        if isinstance(call, Mistake):
            raise CommandError(call.message)
        command = self._commands.get(call.name)
        if command is None:
            hint = did_you_mean(call.name, list(self._commands)) or "."
            raise CommandError(f"unknown command {prefix}{call.name}{hint} Try {prefix}help.")
        return command.run(call, desk)

    def _scrubbed(self, request: ChatRequest) -> ChatRequest:
        """The request without earlier commands and without the answers to them."""
        kept: list[Message] = []
        changed = False
        answer_is_ours: Callable[[Message], bool] = _never
        for message in request.messages[:-1]:
            is_ours, answer_is_ours = answer_is_ours, _never
            if message.role == "assistant" and is_ours(message):
                continue
            if message.role != "user" or not mentions(message.text, self.options.prefix):
                kept.append(message)
                continue
            cut, calls = self._cut(message)
            if calls:
                changed, answer_is_ours = True, _is_error if cut.parts else _always
            if cut.parts:
                kept.append(cut)
        return replace(request, messages=[*kept, request.messages[-1]]) if changed else request


def _never(_answer: Message) -> bool:
    return False


def _always(_answer: Message) -> bool:
    return True


def _is_error(answer: Message) -> bool:
    """Whether this is what the proxy says where a command beside text fails."""
    return answer.text.rpartition("\n")[2].startswith(ERROR)


def _applied(request: ChatRequest, exchange: Exchange) -> ChatRequest:
    """The request with what this session has set."""
    state = exchange.session.state if exchange.session else SessionState()
    if state.model:
        request = replace(request, model=state.model)
    params: Mapping[str, Any] = state.params
    return replace(request, params={**request.params, **params}) if params else request


def _answer(request: ChatRequest, text: str) -> Reply:
    start = Start("", request.model, 0)  # the client's dialect makes up what it needs
    events = (start, TextDelta(text), Finish("stop"), Usage(0, 0), End())
    return Reply.of(Head("proxy", request.model), events)
