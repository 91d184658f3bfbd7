"""Reading a request's body within a limit."""

from aiohttp import web

from llm_proxy.pipeline.errors import BadRequest, TooLarge


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body; raises `TooLarge` above `limit` bytes.

    The stream is read directly, for a host application's own limit (`client_max_size`) also holds
    for the requests of a sub-application, and is too small for long prompts.
    """
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    content = request.content
    chunks: list[bytes] = []
    size = 0
    try:
        while not content.at_eof():
            chunk = await content.readany()
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
    except web.RequestPayloadError as error:
        raise BadRequest(f"the request's body cannot be read: {error}") from error
    except ConnectionError as error:
        raise BadRequest("the client left before its request was whole") from error
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the request's body is over the limit of {limit} bytes")
