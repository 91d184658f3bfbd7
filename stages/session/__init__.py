"""Which conversation a request belongs to, and what is remembered of it."""

from llm_proxy.stages.session.stage import Sessions

__all__ = ["Sessions"]
