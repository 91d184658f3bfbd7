"""The chain without HTTP: a request goes in, events come out.

python examples/no_http.py What is a pipeline?
"""

import asyncio
import sys

from llm_proxy.load import load
from llm_proxy.pipeline import ChatRequest, Exchange, Message, Text
from llm_proxy.pipeline.events import TextDelta


async def ask(question: str) -> None:
    request = ChatRequest("local:echo", (Message("user", (Text(question),)),), stream=True)
    async with load() as pipeline, await pipeline(Exchange.of(request)) as reply:
        async for events in reply:
            for event in events:
                if isinstance(event, TextDelta):
                    print(event.text, end="", flush=True)
    print()


if __name__ == "__main__":
    asyncio.run(ask(" ".join(sys.argv[1:]) or "Hello!"))
