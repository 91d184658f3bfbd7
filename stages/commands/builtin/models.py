"""Commands that choose who is asked."""

from llm_proxy.stages.commands.arguments import backend_name, model_name, one_argument
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call


class Model(Command):
    """model or model(name)
    Shows or sets the model this conversation talks to, whatever the client asks for. The name is
    a model, backend:model, or a route; unset(model) gives the choice back to the client."""

    name = "model"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        if name:
            if _names_a_backend(model_name(name, desk), desk):
                desk.remember(backend=None)
            desk.remember(model=name)
            return f"The model is now {name}."
        if call.args or call.options:
            raise CommandError(f"which model? Write {desk.prefix}model(name)")
        if desk.state.model is None:
            return "No model is set: the client's own choice is used."
        return f"The model is {desk.state.model}."


class Backend(Command):
    """backend or backend(name)
    Shows or sets the backend this conversation talks to, whatever the client asks for. The model
    stays the one that is set or that the client asks for; unset(backend) ends it."""

    name = "backend"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        known = ", ".join(desk.kit.backends)
        if name:
            desk.remember(backend=backend_name(name, desk))
            return f"The backend is now {name}."
        if call.args or call.options:
            raise CommandError(f"which backend? There are {known}")
        if desk.state.backend is None:
            return f"No backend is set. There are {known}."
        return f"The backend is {desk.state.backend}. There are {known}."


class Oneoff(Command):
    """oneoff(name)
    Sends the next request only, or the text beside it, to another model. Then everything is as
    before; unset(oneoff) takes it back."""

    name = "oneoff"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        if not name:
            raise CommandError(f"which model? Write {desk.prefix}oneoff(name)")
        desk.remember(oneoff=model_name(name, desk))
        return f"The next request goes to {name}."


def _names_a_backend(model: str, desk: Desk) -> bool:
    """Whether the name says where to go, as any but a bare one does."""
    prefix, separator, _ = model.partition(":")
    is_route = model in desk.kit.named_models or model in desk.state.routes or "|" in model
    return is_route or (bool(separator) and prefix in desk.kit.backends)
