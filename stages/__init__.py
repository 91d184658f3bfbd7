"""The built-in stages: one line each, by the name they have in the file."""

from typing import Any

from llm_proxy.pipeline.stage import Stage
from llm_proxy.stages.auth import Auth
from llm_proxy.stages.cache import Cache
from llm_proxy.stages.commands import Commands
from llm_proxy.stages.dispatch import Dispatch
from llm_proxy.stages.failover import Failover
from llm_proxy.stages.loop_detection import LoopDetection
from llm_proxy.stages.observe import Observe
from llm_proxy.stages.rate_limit import RateLimit
from llm_proxy.stages.session import Sessions
from llm_proxy.stages.transform import Transform

BUILTIN: dict[str, type[Stage[Any]]] = {
    "observe": Observe,
    "auth": Auth,
    "rate_limit": RateLimit,
    "session": Sessions,
    "commands": Commands,
    "loop_detection": LoopDetection,
    "transform": Transform,
    "cache": Cache,
    "failover": Failover,
    "dispatch": Dispatch,
}
