"""What may be said in a conversation, and with which tools; in every dialect that can."""

from llm_proxy.pipeline.parts import Audio, Document, Image
from tests.matrix.bodies import (
    CALLED_R,
    CALLS_CHAT,
    CALLS_RESPONSES,
    CHAT_TOOLS,
    GEMINI_TOOLS,
    IMAGE_BLOCK,
    IMAGE_C,
    IMAGE_R,
    INLINE,
    MESSAGES_TOOLS,
    PDF,
    REASONING,
    RESPONSES_TOOLS,
    SCHEMA,
    SCHEMA_C,
    TEXT,
    TEXT_R,
    THINKING,
    URL,
    C,
    G,
    M,
    R,
    chat,
    config,
    function_calls,
    gemini,
    messages,
    responses,
    result_block,
    uses,
    with_tools,
)
from tests.matrix.feature import Feature
from tests.matrix.looks import (
    chosen,
    has_failed_result,
    has_own_seal,
    has_pairs,
    has_schema,
    parts_of,
    says,
    setting,
    shows_image,
)

CONVERSATION = [
    Feature(
        "system prompt",
        {
            C: chat(before=[{"role": "system", "content": "be kind"}]),
            R: responses(instructions="be kind"),
            M: messages(system="be kind"),
            G: gemini(systemInstruction={"parts": [{"text": "be kind"}]}),
        },
        says("be kind", "system", "developer"),
    ),
    Feature(
        "system turn in the middle",
        {
            C: chat(after=[{"role": "developer", "content": "now rhyme"}]),
            R: responses(after=[{"role": "developer", "content": "now rhyme"}]),
            M: messages(after=[{"role": "system", "content": "now rhyme"}]),
        },
        says("now rhyme", "system", "developer", "user"),
    ),
    Feature(
        "image",
        {
            C: chat(TEXT, IMAGE_C),
            R: responses(TEXT_R, IMAGE_R),
            M: messages(TEXT, IMAGE_BLOCK),
            G: gemini({"text": "hi"}, INLINE),
        },
        shows_image,
    ),
    Feature(
        "image by URL",
        {
            C: chat(TEXT, {"type": "image_url", "image_url": {"url": URL}}),
            R: responses(TEXT_R, {**IMAGE_R, "image_url": URL}),
            M: messages(TEXT, {"type": "image", "source": {"type": "url", "url": URL}}),
        },
        lambda request: any(image.media.url == URL for image in parts_of(request, Image)),
    ),
    Feature(
        "PDF",
        {
            C: chat(
                TEXT,
                {
                    "type": "file",
                    "file": {
                        "filename": "a.pdf",
                        "file_data": f"data:application/pdf;base64,{PDF}",
                    },
                },
            ),
            R: responses(
                TEXT_R,
                {
                    "type": "input_file",
                    "filename": "a.pdf",
                    "file_data": f"data:application/pdf;base64,{PDF}",
                },
            ),
            M: messages(
                TEXT,
                {
                    "type": "document",
                    "title": "a.pdf",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                },
            ),
            G: gemini({"text": "hi"}, {"inlineData": {"mimeType": "application/pdf", "data": PDF}}),
        },
        lambda request: any(file.media.data == PDF for file in parts_of(request, Document)),
    ),
    Feature(
        "audio",
        {
            C: chat(
                TEXT, {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}
            ),
            G: gemini({"text": "hi"}, {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}}),
        },
        lambda request: bool(parts_of(request, Audio)),
    ),
    Feature(
        "parallel tool calls and their results",
        {
            C: chat(after=CALLS_CHAT, tools=CHAT_TOOLS),
            R: responses(after=CALLS_RESPONSES, tools=RESPONSES_TOOLS),
            M: messages(
                after=uses([result_block("f", "one"), result_block("g", "two")]),
                tools=MESSAGES_TOOLS,
            ),
            G: gemini(after=function_calls({"output": "one"}), tools=GEMINI_TOOLS),
        },
        has_pairs,
    ),
    Feature(
        "failed tool result",
        {
            M: messages(
                after=uses([result_block("f", "broken", is_error=True), result_block("g", "two")]),
                tools=MESSAGES_TOOLS,
            ),
            G: gemini(after=function_calls({"error": "broken"}), tools=GEMINI_TOOLS),
        },
        has_failed_result,
    ),
    Feature(
        "image in a tool result",
        {
            R: responses(
                after=[
                    CALLED_R[0],
                    {"type": "function_call_output", "call_id": "c", "output": [IMAGE_R]},
                ],
                tools=RESPONSES_TOOLS,
            ),
            M: messages(
                after=uses([result_block("f", [IMAGE_BLOCK]), result_block("g", "two")]),
                tools=MESSAGES_TOOLS,
            ),
            G: gemini(after=function_calls({"output": "one"}, parts=[INLINE]), tools=GEMINI_TOOLS),
        },
        shows_image,
    ),
    Feature(
        "tool choice: some tool",
        with_tools(
            {"tool_choice": "required"},
            {"tool_choice": "required"},
            {"tool_choice": {"type": "any"}},
            {"mode": "ANY"},
        ),
        chosen("required"),
    ),
    Feature(
        "tool choice: this tool",
        with_tools(
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "function", "name": "f"}},
            {"tool_choice": {"type": "tool", "name": "f"}},
            {"mode": "ANY", "allowedFunctionNames": ["f"]},
        ),
        chosen("required", "f"),
    ),
    Feature(
        "tool choice: none",
        with_tools(
            {"tool_choice": "none"},
            {"tool_choice": "none"},
            {"tool_choice": {"type": "none"}},
            {"mode": "NONE"},
        ),
        chosen("none"),
    ),
    Feature(
        "one tool call at a time",
        with_tools(
            {"parallel_tool_calls": False},
            {"parallel_tool_calls": False},
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            None,
        ),
        setting("parallel_tool_calls", False),
    ),
    Feature(
        "tool of free text",
        {
            C: chat(tools=[{"type": "custom", "custom": {"name": "f", "description": "d"}}]),
            R: responses(tools=[{"type": "custom", "name": "f", "description": "d"}]),
        },
        lambda request: [tool.name for tool in request.tools] == ["f"],
    ),
    Feature(
        "tool that the vendor runs",
        {
            R: responses(tools=[{"type": "web_search"}]),
            M: messages(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
            G: gemini(tools=[{"googleSearch": {}}]),
        },
        lambda request: any(tool.hosted for tool in request.tools),
    ),
    Feature(
        "answer by a JSON schema",
        {
            C: chat(response_format={"type": "json_schema", "json_schema": SCHEMA_C}),
            R: responses(text={"format": {"type": "json_schema", **SCHEMA_C}}),
            M: messages(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
            G: config(responseMimeType="application/json", responseJsonSchema=SCHEMA),
        },
        has_schema,
    ),
    Feature(
        "answer as any JSON object",
        {
            C: chat(response_format={"type": "json_object"}),
            R: responses(text={"format": {"type": "json_object"}}),
            G: config(responseMimeType="application/json"),
        },
        lambda request: (
            bool(request.params.get("response_format")) or says("JSON object", "system")(request)
        ),
    ),
    Feature(
        "reasoning effort",
        {
            C: chat(reasoning_effort="high"),
            R: responses(reasoning={"effort": "high"}),
            M: messages(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
            G: config(thinkingConfig={"thinkingLevel": "HIGH"}),
        },
        setting("reasoning_effort", "high"),
    ),
    Feature(
        "its own sealed reasoning",
        {
            R: responses(after=[REASONING, *CALLED_R], tools=RESPONSES_TOOLS),
            M: messages(
                after=[
                    {"role": "assistant", "content": [THINKING, TEXT]},
                    {"role": "user", "content": "go on"},
                ]
            ),
            G: gemini(
                after=[
                    {
                        "role": "model",
                        "parts": [
                            {
                                "functionCall": {"name": "f", "args": {}},
                                "thoughtSignature": "ZmFrZQ==",
                            }
                        ],
                    },
                    {
                        "role": "user",
                        "parts": [
                            {"functionResponse": {"name": "f", "response": {"output": "one"}}}
                        ],
                    },
                ],
                tools=GEMINI_TOOLS,
            ),
        },
        has_own_seal,
    ),
]
