"""The embedded backend: no key, no network, and faults on request."""

from llm_proxy.backends.local.backend import Local

__all__ = ["Local"]
