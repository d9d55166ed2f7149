"""What search meets outside: engines that take a given time, and pages of a given size."""

import asyncio
import sys
import zlib
from collections.abc import Iterator
from itertools import count, islice

import orjson
import uvloop
from aiohttp import web

ENGINE_S = 0.1
RESULTS = 10
PAGE_BYTES = 100_000
SENTENCE = "the otter swims in a cold river where nobody counts fish and every stone has moss on it since the ice"


async def answer(request: web.BaseRequest) -> web.Response:
    if request.path == "/search":
        return await found(request)
    if request.path.startswith("/page/"):
        return web.Response(body=page(request.path), content_type="text/html")
    return web.Response(status=404)


async def found(request: web.BaseRequest) -> web.Response:
    """Answers as SearXNG and Exa do, whose lists of results have the same names."""
    began = asyncio.get_running_loop().time()
    query = request.query.get("q") or orjson.loads(await request.read())["query"]
    results = [result(query, number) for number in range(RESULTS)]
    body = orjson.dumps({"results": results, "unresponsive_engines": []})
    await asyncio.sleep(began + ENGINE_S - asyncio.get_running_loop().time())
    return web.Response(body=body, content_type="application/json")


def result(query: str, number: int) -> dict[str, str]:
    return {
        "title": f"Result {number} of {query}",
        "url": f"https://site{number}.example/{zlib.crc32(query.encode())}",
        "content": f"What is said of {query} on the {number}th of the pages, in about as many words as is usual.",
        "publishedDate": "2026-03-05T10:00:00Z",
    }


def page(path: str) -> bytes:
    """As pages of the web are: a quarter of it text, the rest what stands around it and what only browsers read."""
    sentences = sentences_of(zlib.crc32(path.encode()))
    rules = "".join(f".card-{number} {{ margin: {number}px; color: #333; display: block }}\n" for number in range(250))
    script = f"<script>{'window.layer = window.layer || []; layer.push({event: 1});' * 600}</script>"
    links = "".join(
        f"<li class='card-{number}'><a href='/page/{number}'>Chapter {number}</a></li>" for number in range(150)
    )
    head = f"<head><title>Page {path}</title><style>{rules}</style>{script}</head>"
    around = f"<nav><ul>{links}</ul></nav>"
    paragraphs = []
    size = len(head) + len(around) + 1000
    while size < PAGE_BYTES:
        text = " ".join(islice(sentences, 5))
        paragraph = (
            f"<div class='card-{size % 250}'><p>{text} <a href='/page/{size}'>More of it</a> is told there.</p></div>"
        )
        paragraphs.append(paragraph)
        size += len(paragraph)
    article = f"<article><h1>Page {path}</h1>{''.join(paragraphs)}</article>"
    return f"<html>{head}<body>{around}<main>{article}</main><footer>Made of water</footer></body></html>".encode()


def sentences_of(turn: int) -> Iterator[str]:
    vocabulary = SENTENCE.split()
    for number in count(turn):
        words = [vocabulary[(number * 7 + place * place + place) % len(vocabulary)] for place in range(14)]
        yield f"{' '.join(words).capitalize()} {number % 1000}."


async def serve(port: int) -> None:
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
