"""The stage that applies the rules."""

from collections.abc import Iterator

from pydantic import Field

from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Next, Stage, StageOptions
from llm_proxy.stages.transform.rules import Rule
from llm_proxy.stages.transform.steps import ReplaceText, ThinkTags


class TransformOptions(StageOptions):
    """Options of `transform`."""

    rules: tuple[Rule, ...] = Field(default=(), description="Applied in order, each that fits.")


class Transform(Stage[TransformOptions]):
    """Applies the operator's rules: to the request before it is sent, and to the events of the
    answer, streamed and whole alike."""

    Options = TransformOptions
    provides = frozenset({"rule"})

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        request = exchange.request
        rules: list[Rule] = []
        for rule in self.options.rules:
            if rule.fits(request.model):
                rules.append(rule)
                request = rule.apply(request)
        if not rules:
            return await call_next(exchange)
        self.tell(exchange, _told(rules, exchange.request.model, request.model))
        steps = list(_steps(rules))
        if steps and request.params.get("n", 1) not in (None, 1):
            raise BadRequest("there are rules on answers, so only one can be asked for", param="n")
        reply = await call_next(exchange.with_request(request))
        for step in steps:
            reply.through(step)
        return reply


def _steps(rules: list[Rule]) -> Iterator[ThinkTags | ReplaceText]:
    if any(rule.think_tags for rule in rules):
        yield ThinkTags()
    for rule in rules:
        if rule.replace:
            yield ReplaceText(rule.replace)


def _told(rules: list[Rule], before: str, after: str) -> str:
    renamed = f", asks for {after}" if after != before else ""
    return f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'} applied{renamed}"
