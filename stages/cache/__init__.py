"""Answers that were given before, given again."""

from llm_proxy.stages.cache.stage import Cache

__all__ = ["Cache"]
