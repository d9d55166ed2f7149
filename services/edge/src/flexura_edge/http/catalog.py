"""The model catalog: what can be asked for, and what to expect of it at present."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any

import orjson
from aiohttp import web

from flexura.jobs.v1 import jobs_service_pb2
from flexura_edge.http.conditional import is_known
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.job_json import TYPE
from flexura_edge.http.search_capability import search_capability
from flexura_edge.supply import Supply

STATUS = {
    jobs_service_pb2.MODEL_STATUS_ACTIVE: "active",
    jobs_service_pb2.MODEL_STATUS_COLD: "cold",
    jobs_service_pb2.MODEL_STATUS_DEGRADED: "degraded",
    jobs_service_pb2.MODEL_STATUS_OFFLINE: "offline",
}
# The reference calls every number a number.
INPUT_TYPES = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean"}


class Catalog:
    """Answers the catalog; it is written anew only when the services say something new."""

    def __init__(self, supply: Callable[[float], Awaitable[Supply]], public_url: str) -> None:
        self._supply = supply
        self._public_url = public_url
        self._written: tuple[Supply, bytes, str] | None = None

    async def get(self, exchange: Exchange) -> web.StreamResponse:
        supply = await self._supply(exchange.remaining_s())
        if self._written is None or self._written[0] is not supply:
            body = catalog_json(supply, self._public_url)
            self._written = (supply, body, f'"{sha256(body).hexdigest()[:32]}"')
        _, body, etag = self._written
        headers = exchange.headers("application/json")
        headers["ETag"] = etag
        headers["Cache-Control"] = "no-cache"
        if is_known(exchange.request, etag):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers)


def catalog_json(supply: Supply, public_url: str) -> bytes:
    return orjson.dumps(
        {
            "platform": "Flexura",
            "capabilities": {"search": search_capability(supply.engines, public_url)},
            "models": [model_json(model, public_url) for model in supply.models],
        }
    )


def model_json(model: jobs_service_pb2.Model, public_url: str) -> dict[str, Any]:
    media_type = TYPE[model.media_type]
    schema = orjson.loads(model.options_schema_json or "{}")
    fields: dict[str, Any] = {
        "id": model.model,
        "type": media_type,
        "endpoint_url": f"{public_url}/api/generate/{media_type}",
        "description": model.description,
        "status": STATUS[model.status],
        "input": {"prompt": "string", "options": input_types(schema.get("properties", {}))},
        "default": model.is_default,
        "input_schema": input_schema(model.prompt_characters_max, schema),
        "limits": {
            "prompt_characters_max": model.prompt_characters_max,
            "timeout_s": model.timeout_s,
            "attempt_timeout_s": model.attempt_timeout_s,
        },
    }
    if model.status_reason:
        fields["reason"] = model.status_reason
    if model.served_by:
        fields["served_by"] = model.served_by
    return fields


def input_types(properties: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: INPUT_TYPES.get(option.get("type", "string"), "string") for name, option in properties.items()}


def input_schema(prompt_characters_max: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of a whole request for the model, ready to be shown to a language model as a tool."""
    return {
        "type": "object",
        "properties": {
            "prompt": {"type": "string", "minLength": 1, "maxLength": prompt_characters_max},
            "model": {"type": "string", "minLength": 1},
            "options": {name: value for name, value in options.items() if name != "$schema"},
            "client_ref": {"type": "string", "minLength": 1, "maxLength": 200},
            "metadata": {
                "type": "object",
                "maxProperties": 50,
                "propertyNames": {"minLength": 1, "maxLength": 40},
                "additionalProperties": {"type": "string", "maxLength": 500},
            },
            "timeout_s": {"type": "number", "minimum": 1},
            "webhook_url": {"type": "string", "minLength": 1, "maxLength": 2000},
        },
        "required": ["prompt"],
        "additionalProperties": False,
    }
