"""One thing to try."""

from llm_proxy.lab.faults import Fault
from llm_proxy.lab.routes import Route
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.trace import Target


@record
class Case:
    """A fault, at the first target of a route or at all of them, and how the client asks."""

    route: Route
    fault: Fault
    everywhere: bool
    stream: bool

    @property
    def id(self) -> str:
        """A request id."""
        form = "streamed" if self.stream else "whole"
        return f"lab-{self.fault.name}-{form}-{'everywhere' if self.everywhere else 'first'}"

    def hits(self, target: Target) -> bool:
        """Whether the fault meets this target."""
        return self.everywhere or self.route.is_first(target)
