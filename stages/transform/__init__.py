"""The operator's own rules on requests and answers."""

from llm_proxy.stages.transform.stage import Transform

__all__ = ["Transform"]
