"""Making a token that opens event streams where no key can be sent."""

from datetime import UTC, datetime

import orjson
from aiohttp import web

from flexura_edge.event_tokens import EventTokens
from flexura_edge.http.exchange import Exchange
from flexura_edge.keys import secret_of
from flexura_kit.apikeys import digest


class EventTokenMaker:
    """Answers a token for the key that asks, and the address that it opens."""

    def __init__(self, tokens: EventTokens, public_url: str) -> None:
        self._tokens = tokens
        self._public_url = public_url

    async def create(self, exchange: Exchange) -> web.StreamResponse:
        key_digest = digest(secret_of(exchange.request.headers.get("Authorization")))
        token = self._tokens.make(key_digest)
        body = {
            "token": token.text,
            "expires_at": datetime.fromtimestamp(token.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "expires_in_s": self._tokens.lifetime_s,
            "url": f"{self._public_url}/api/events?token={token.text}",
        }
        return exchange.json(orjson.dumps(body), status=201)
