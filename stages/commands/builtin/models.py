"""Commands that choose who is asked."""

from llm_proxy.stages.commands.arguments import backend_name, backends, model_name, one_argument
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call


class Model(Command):
    """model or model(name)
    Shows or sets the model this conversation talks to, whatever the client asks for. The name is
    a model of the default backend, `backend:model`, a route, or several with `|` between them, each
    tried if the one before fails. `!/unset(model)` gives the choice back to the client."""

    name = "model"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        if name is not None:
            if _says_where(model_name(name, desk), desk):
                desk.remember(backend=None)
            desk.remember(model=name)
            return f"The model is now {name}."
        if desk.state.model is None:
            return "No model is set: the client's own choice is used."
        return f"The model is {desk.state.model}."


class Backend(Command):
    """backend or backend(name)
    Shows or sets the backend this conversation talks to, whatever the client asks for. The model
    stays the one that is set or that the client asks for, by the same name there.
    `!/unset(backend)` ends it."""

    name = "backend"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        if name is not None:
            desk.remember(backend=backend_name(name, desk))
            return f"The backend is now {name}."
        chosen = desk.state.backend
        told = f"The backend is {chosen}." if chosen else "No backend is set."
        return f"{told} These are on: {', '.join(backends(desk))}."


class Oneoff(Command):
    """oneoff(name)
    Sends one request to another model: the text beside the command, else the next one. Then
    everything is as before; `!/unset(oneoff)` takes it back."""

    name = "oneoff"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        if name is None:
            raise CommandError(f"which model? Write {desk.prefix}oneoff(name)")
        desk.remember(oneoff=model_name(name, desk))
        return f"The next request goes to {name}."


def _says_where(model: str, desk: Desk) -> bool:
    """Whether the name says to which backend it goes, as any but a bare one does."""
    prefix, separator, _ = model.partition(":")
    is_route = model in desk.kit.named_models or model in desk.state.routes or "|" in model
    return is_route or (bool(separator) and prefix in desk.kit.backends)
