"""A whole search made of scripted parts, and its answer as the edge writes it."""

import json
from datetime import UTC, datetime

from rs_bpe import bpe
from unit.search.scripted import Engine, Reader, ScriptedShelf, hits

from flexura_edge.http.search_json import search_json
from flexura_search.domain.materials import SearchMaterial
from flexura_search.domain.queries import Asked
from flexura_search.rpc.answers import search_response
from flexura_search.service.continuations import Continuations
from flexura_search.service.cutting import Answer
from flexura_search.service.federation import Federation
from flexura_search.service.places import Places
from flexura_search.service.searches import Searches

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
A, B, C = "https://a.example/", "https://b.example/", "https://c.example/"
TEXT = "Otters hold hands while they sleep so that nobody drifts away in the cold river. " * 60
TOKENIZERS = (bpe.openai.cl100k_base(), bpe.openai.o200k_base())


class Setting:
    def __init__(self, *engines: Engine, reader: Reader | None = None, of_account_max: int = 8) -> None:
        self.engines = engines or (Engine("one", hits(A, B)),)
        self.reader = reader or Reader({A: TEXT, B: "Short."})
        self.shelf = ScriptedShelf()
        self.searches = Searches(
            Federation(self.engines),
            self.reader,
            self.shelf,
            Continuations(b"key"),
            Places(of_account_max, 64),
            now=lambda: NOW,
        )

    async def search(self, **fields: object) -> Answer[SearchMaterial]:
        return await self.searches.search(Asked(**{"account_id": "acc_1", "queries": ("otters",)} | fields))  # type: ignore[arg-type]


def urls(answer: Answer[SearchMaterial]) -> list[str]:
    return [answer.material.results[part.entry].found.url for part in answer.cut.parts]


def written_by_the_edge(answer: Answer[SearchMaterial]) -> str:
    fields = search_json(search_response(answer), is_list=False)
    return json.dumps(fields | {"took_ms": 12_345, "request_id": "f" * 24}, ensure_ascii=False, separators=(",", ":"))


def tokens_of(written: str) -> int:
    return max(tokenizer.count(written) for tokenizer in TOKENIZERS)
