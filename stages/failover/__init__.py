"""Which targets a model's name stands for, and what to try when one of them fails."""

from llm_proxy.stages.failover.options import FailoverOptions
from llm_proxy.stages.failover.stage import Failover

__all__ = ["Failover", "FailoverOptions"]
