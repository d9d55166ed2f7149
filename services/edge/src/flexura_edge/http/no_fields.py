"""Bodies of requests that take no fields."""

from aiohttp import web

from flexura_edge.http.body import invite, parse, read_bytes, refuse_encoding
from flexura_edge.http.fields import Fields

BYTES_MAX = 4096  # Nothing is to be read; what is refused is named all the same.
MEANT = "empty or {}: this request takes no fields"


async def refuse_fields(request: web.BaseRequest) -> None:
    """Takes no body, an empty one and an empty object, whatever its type; refuses what says more."""
    if not request.body_exists:
        return
    refuse_encoding(request)
    await invite(request)
    body = await read_bytes(request, BYTES_MAX)
    if body.strip():
        Fields(parse(body, MEANT), ()).check()
