"""The command `!/brief`."""

from llm_proxy.stages.commands import Call, Command, CommandError, Desk

WISH = "Answer in one sentence."


class Brief(Command):
    """brief or brief(off)
    Has the model answer in one sentence from now on. Write off to take that back."""

    name = "brief"

    async def run(self, call: Call, desk: Desk) -> str:
        if call.options or call.args not in ((), ("off",)):
            raise CommandError(f"write {desk.prefix}brief or {desk.prefix}brief(off)")
        if not call.args:
            desk.remember(system_suffix=WISH)
            return f"{desk.exchange.request.model} answers in one sentence from now on."
        if desk.state.system_suffix != WISH:
            raise CommandError("answers are not brief now")
        desk.remember(system_suffix=None)
        return "Answers are of any length again."
