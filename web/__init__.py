"""The aiohttp edge: from an HTTP request to an exchange, and from a reply to an HTTP answer."""

from llm_proxy.web.edge import Edge, subapp

__all__ = ["Edge", "subapp"]
