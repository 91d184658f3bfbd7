"""Tools in groups: this dialect alone has them, so elsewhere a tool's name begins with its
group's."""

from collections.abc import Iterable, Mapping

from llm_proxy.pipeline.request import Tool

_BETWEEN = "__"


def full_name(namespace: object, name: str) -> str:
    """The name of a tool outside its group."""
    return f"{namespace}{_BETWEEN}{name}" if isinstance(namespace, str) and namespace else name


def name_inside(namespace: str, name: str) -> str:
    """The name of a tool in its group."""
    return name.removeprefix(namespace + _BETWEEN)


class Namespaces:
    """The grouped tools of one request."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._groups = {tool.name: tool.namespace for tool in tools if tool.namespace}

    def fields(self, name: str) -> Mapping[str, str]:
        """`name`, and `namespace` where the tool is in one, as they stand in a call."""
        namespace = self._groups.get(name)
        if namespace is None:
            return {"name": name}
        return {"name": name_inside(namespace, name), "namespace": namespace}
