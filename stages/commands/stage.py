"""The stage that carries commands out."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pydantic import Field, field_validator

from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.events import End, Finish, Start, TextDelta, TokenCount, Usage
from llm_proxy.pipeline.exchange import Exchange, Session
from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions, Surroundings
from llm_proxy.pipeline.values import Listed
from llm_proxy.stages.commands.applied import applied
from llm_proxy.stages.commands.catalogue import ALL, Catalogue, may_use
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.history import ERROR, Cut, newest, scrubbed
from llm_proxy.stages.commands.parser import Call, Mistake
from llm_proxy.stages.commands.unknown import unknown_command

_MOST_CALLS = 50

_log = logging.getLogger(__name__)

_HAS_A_MEANING = (">", "`", "~", "<")
"""What a quotation, a fenced block or an element begins with."""


class CommandsOptions(StageOptions):
    """Options of `commands`."""

    prefix: str = Field(default="!/", min_length=1, description="What a command begins with.")
    more: Listed = Field(default=(), description="Commands of your own, as module:Class.")
    disabled: Listed = Field(default=(), description="Commands that there shall not be.")
    denied: Mapping[str, Listed] = Field(
        default_factory=dict[str, tuple[str, ...]],
        description="Caller, `*` stands for anything → the commands it may not use, `*` is all.",
    )

    @field_validator("prefix")
    @classmethod
    def _can_begin_a_line(cls, prefix: str) -> str:
        if not prefix.isprintable() or " " in prefix or prefix.startswith(_HAS_A_MEANING):
            raise ValueError("must be printable, without blanks, and not begin with > ` ~ or <")
        return prefix

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        catalogue = Catalogue(self.more, self.disabled)
        yield from catalogue.problems
        yield from catalogue.unknown(self.disabled, ("disabled",))
        for caller, names in self.denied.items():
            yield from catalogue.unknown(names, ("denied", caller), ALL)


class Commands(Stage[CommandsOptions]):
    """Carries out commands that the user typed at the start of a line of the newest message.

    A message of commands alone is answered here, without a call upstream; beside other text they
    are carried out and cut out. What they set is applied to every request of the session, and
    turns that were commands, with the answers to them, are kept from the model.
    """

    Options = CommandsOptions
    provides = frozenset({"command"})
    requires = frozenset({"session"})

    def __init__(self, options: CommandsOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        commands = Catalogue(options.more, options.disabled).commands
        self._commands = {n: one for n, one in commands.items() if n not in options.disabled}

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        request, prefix = exchange.request, self.options.prefix
        typed = newest(request, prefix)
        if typed.calls and not request.counts_only:
            desk = self._desk(exchange)
            text, failed = await self._carry_out(typed.calls, desk)
            exchange = await desk.settle()
            self.tell(exchange, _told(typed.calls, prefix))
            if failed or typed.is_nothing_else:
                return _answer(request, text)
        request = _without_commands(request, typed, prefix)
        if not request.messages:  # only to be counted
            return Reply.of(Head(PROXY, request.model), [TokenCount(0), End()])
        return await call_next(await self._as_set(exchange, request))

    def _desk(self, exchange: Exchange) -> Desk:
        caller = exchange.caller.id if exchange.caller else ""
        allowed = may_use(self._commands, self.options.denied, caller)
        kit = self.kit.seen_by(exchange.caller)
        return Desk(exchange, kit, allowed, self.options.prefix)

    async def _carry_out(self, calls: Sequence[Call | Mistake], desk: Desk) -> tuple[str, bool]:
        """The answer, and whether it ends in an error: then nothing after it is carried out."""
        if len(calls) > _MOST_CALLS:
            return f"{ERROR}at most {_MOST_CALLS} commands in one message, please", True
        answers: list[str] = []
        for call in calls:
            try:
                answers.append(await self._run(call, desk))
            except CommandError as error:
                return "\n".join([*answers, f"{ERROR}{error}"]), True
        return "\n".join(answers), False

    async def _run(self, call: Call | Mistake, desk: Desk) -> str:
        if isinstance(call, Mistake):
            raise CommandError(f"{call.message} (line {call.line}, column {call.column})")
        command = desk.commands.get(call.name)
        if command is not None:
            return await self._run_safely(command, call, desk)
        if call.name in self._commands:
            raise CommandError(f"you may not use {desk.prefix}{call.name}")
        raise CommandError(unknown_command(call.name, desk.commands, desk.prefix))

    async def _run_safely(self, command: Command, call: Call, desk: Desk) -> str:
        try:
            return await command.run(call, desk)
        except CommandError:
            raise
        except Exception:
            # Whatever another distribution's command does wrong, the chat goes on.
            _log.exception("a command broke", extra={"request_id": desk.exchange.id})
            raise CommandError(
                f"{desk.prefix}{call.name} is broken; the log has more under the request's id"
            ) from None

    async def _as_set(self, exchange: Exchange, request: ChatRequest) -> Exchange:
        """The exchange with what its session has set."""
        state = exchange.session_state
        if state is NOTHING:
            return exchange.with_request(request)
        if exchange.session and state.oneoff and not request.counts_only:
            state = replace(state, oneoff=await _taken(exchange.session))
        changed = applied(request, state, self.kit.seen_by(exchange.caller))
        if changed.model != request.model:
            self.tell(exchange, f"asks for {changed.model}, as was set in the chat")
        return exchange.with_request(changed)


async def _taken(session: Session) -> str | None:
    """The model for one request, which no other request gets any more."""
    model: str | None = None

    def take(state: SessionState) -> SessionState:
        nonlocal model
        model = state.oneoff
        return replace(state, oneoff=None)

    await session.update(take)
    return model


def _without_commands(request: ChatRequest, typed: Cut, prefix: str) -> ChatRequest:
    request = scrubbed(request, prefix)
    if not typed.calls:
        return request
    last = [] if typed.is_nothing_else else [typed.message]
    return replace(request, messages=[*request.messages[:-1], *last])


def _told(calls: Sequence[Call | Mistake], prefix: str) -> str:
    names = [f"{prefix}{call.name}" if isinstance(call, Call) else "a mistake" for call in calls]
    return f"carried out {', '.join(names)}"


def _answer(request: ChatRequest, text: str) -> Reply:
    start = Start("", request.model, 0)  # the client's dialect makes up what it needs
    events = (start, TextDelta(text), Finish("stop"), Usage(0, 0), End())
    return Reply.of(Head(PROXY, request.model), events)
