"""One route of an aiohttp application that answers as the proxy does.

python examples/one_route.py
curl 127.0.0.1:8080/ask \
         -d '{"model": "local:echo", "messages": [{"role": "user", "content": "Hello!"}]}'
"""

import os

from aiohttp import web

from llm_proxy.web import Edge


def application() -> web.Application:
    edge = Edge()
    host = web.Application()
    host.cleanup_ctx.append(edge.context)
    host.router.add_post("/ask", edge.handler("/v1/chat/completions"))
    return host


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
