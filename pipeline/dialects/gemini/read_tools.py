"""`tools` and `toolConfig` of a request → `Tool` and `ToolChoice`."""

from typing import Any

from llm_proxy.pipeline.dialects.gemini.json_schema import json_schema
from llm_proxy.pipeline.dialects.gemini.wire_names import Fields, camel, get
from llm_proxy.pipeline.dialects.request_fields import list_at, object_at
from llm_proxy.pipeline.json_values import is_list, object_or_empty
from llm_proxy.pipeline.request import Tool, ToolChoice

DECLARATIONS = "functionDeclarations"


def read_tools(body: Fields) -> tuple[Tool, ...]:
    """The functions, and the tools that the vendor runs itself by the names of their fields."""
    tools: list[Tool] = []
    for index, raw in enumerate(_list(get(body, "tools"), "tools")):
        for key, value in object_at(raw, f"tools[{index}]").items():
            where = f"tools[{index}].{key}"
            if camel(key) == DECLARATIONS:
                declared = _list(value, where)
                tools += [_function(one, f"{where}[{n}]") for n, one in enumerate(declared)]
            elif value is not None:
                tools.append(Tool(camel(key), hosted=True, origin={key: value}))
    return tuple(tools)


def _list(value: object, where: str) -> list[Any]:
    return [] if value is None else list_at(value, where)


def _function(raw: object, where: str) -> Tool:
    fields = object_at(raw, where)
    description = str(get(fields, "description") or "")
    return Tool(
        str(fields.get("name") or ""), _parameters(fields, where), description, origin=fields
    )


def _parameters(fields: Fields, where: str) -> Fields:
    own = get(fields, "parametersJsonSchema")
    if own is not None:
        return object_at(own, f"{where}.parametersJsonSchema")
    subset = fields.get("parameters")
    return {} if subset is None else json_schema(object_at(subset, f"{where}.parameters"))


def read_tool_choice(body: Fields) -> ToolChoice | None:
    """The choice; None where the request says nothing of it."""
    config = get(object_or_empty(get(body, "toolConfig")), "functionCallingConfig")
    fields = object_or_empty(config)
    allowed = get(fields, "allowedFunctionNames")
    names = tuple(n for n in allowed if isinstance(n, str)) if is_list(allowed) else ()
    match str(fields.get("mode") or "").upper():
        case "ANY":
            return ToolChoice("required", names)
        case "NONE":
            return ToolChoice("none")
        case "AUTO":
            return ToolChoice("auto")
        case "VALIDATED":
            return ToolChoice("auto", names)
        case _:
            return None
