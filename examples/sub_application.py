"""The whole proxy inside another aiohttp application, under /llm.

python examples/sub_application.py
curl 127.0.0.1:8080/llm/v1/chat/completions \
         -d '{"model": "local:echo", "messages": [{"role": "user", "content": "Hello!"}]}'
"""

import os

from aiohttp import web

from llm_proxy.web import subapp


async def greet(_request: web.Request) -> web.Response:
    return web.Response(text="This is the host application; the proxy lives under /llm.\n")


def application() -> web.Application:
    host = web.Application()
    host.router.add_get("/", greet)
    host.add_subapp("/llm", subapp())
    return host


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
