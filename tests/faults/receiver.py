"""A receiver of webhooks: verifies what comes, writes it into the history, and refuses some of it once."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from faults.history import Content, History, Message
from standardwebhooks import Webhook, WebhookVerificationError

REFUSED_SHARE = 0.03
OK, REFUSED = 200, 503


class Receiver:
    """Takes what is signed with the account's secret, which is known only once the webhook has been made."""

    def __init__(self, history: History, seed: int) -> None:
        self.secret = ""
        self._history = history
        self._draw = random.Random(seed)  # noqa: S311 - it is to be repeated, not to be secret.
        self._refused: set[str] = set()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        message_id, body = request.headers["webhook-id"], await request.read()
        if message_id not in self._refused and self._draw.random() < REFUSED_SHARE:
            self._refused.add(message_id)
            return web.Response(status=REFUSED)
        self._history.messages.append(message_of(message_id, body, self._is_signed(request, body)))
        return web.Response(status=OK)

    def _is_signed(self, request: web.BaseRequest, body: bytes) -> bool:
        try:
            Webhook(self.secret).verify(body, {name.lower(): value for name, value in request.headers.items()})
        except WebhookVerificationError:
            return False
        return True


def message_of(message_id: str, body: bytes, is_signed: bool) -> Message:
    told = json.loads(body)["data"]
    asset = told.get("asset")
    content = Content(asset["sha256"], asset["size_bytes"]) if asset else None
    return Message(message_id, told["job_id"], told["status"], content, is_signed)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[str]:
    """Listens on loopback; answers where."""
    runner = web.ServerRunner(web.Server(receiver.answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{port_of(runner)}/"
    finally:
        await runner.cleanup()


def port_of(runner: web.ServerRunner) -> int:
    port: int = runner.addresses[0][1]
    return port
