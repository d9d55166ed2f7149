"""A search from the question to the answer, with engines, pages and a shelf that do as they are told."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rs_bpe import bpe
from unit.search.scripted import Engine, Reader, ScriptedShelf, failing, hits

from flexura_edge.http.search_json import search_json
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.findings import EngineAnswer, Hit, ImageHit
from flexura_search.domain.materials import SearchMaterial
from flexura_search.domain.pages import Page
from flexura_search.domain.queries import Asked, Content, TextFormat, TimeRange, Topic
from flexura_search.rpc.answers import search_response
from flexura_search.service.continuations import Continuations
from flexura_search.service.cutting import Answer
from flexura_search.service.federation import Federation
from flexura_search.service.places import Places
from flexura_search.service.searches import FOUND_S, KEPT_S, Searches

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


async def test_passages_are_read_and_whole_texts_only_where_they_are_asked_for() -> None:
    highlights = (await Setting().search()).material.results[0]
    assert highlights.page is not None
    assert (highlights.page.text, bool(highlights.page.highlights)) == ("", True)
    full = (await Setting().search(content=Content.FULL)).material.results[0]
    assert full.page is not None
    assert full.page.text == TEXT
    none = Setting()
    assert (await none.search(content=Content.NONE)).material.results[0].page is None
    assert none.reader.read_urls == []


async def test_a_page_that_cannot_be_read_stays_with_its_reason() -> None:
    answer = await Setting(reader=Reader({A: TEXT})).search()
    assert urls(answer) == [A, B]
    unread = answer.material.results[1].unread
    assert unread is not None
    assert unread.reason == Reason.PAGE_NOT_FOUND


async def test_domains_and_days_hold_whatever_the_engine_makes_of_them() -> None:
    found = EngineAnswer(
        hits=(
            Hit("Old", A, published_at=datetime(2020, 1, 1, tzinfo=UTC)),
            Hit("New", B, published_at=datetime(2026, 3, 14, tzinfo=UTC)),
            Hit("Undated", "https://docs.b.example/x"),
            Hit("Elsewhere", C, published_at=datetime(2026, 3, 14, tzinfo=UTC)),
        )
    )
    answer = await Setting(Engine("one", found)).search(
        content=Content.NONE, include_domains=("b.example",), time_range=TimeRange.WEEK
    )
    assert urls(answer) == [B, "https://docs.b.example/x"]
    answer = await Setting(Engine("one", found)).search(
        content=Content.NONE, exclude_domains=("b.example",), end_date="2025-12-31"
    )
    assert urls(answer) == [A]


async def test_images_are_answered_beside_results() -> None:
    images = EngineAnswer(images=(ImageHit("https://i.example/1.jpg", A), ImageHit("https://i.example/2.jpg", B)))
    answer = await Setting(Engine("one", images)).search(topic=Topic.IMAGES)
    assert [image.image.page_url for image in answer.material.images] == [A, B]


async def test_the_same_search_is_answered_from_the_shelf_and_a_fresh_one_is_not() -> None:
    setting = Setting()
    first, again = await setting.search(), await setting.search(account_id="acc_2", tokens_max=5000)
    assert (first.is_kept, again.is_kept) == (False, True)
    assert (await setting.search(is_fresh=True)).is_kept is False
    assert len(setting.engines[0].asked) == 2


async def test_what_is_kept_names_no_caller() -> None:
    setting = Setting()
    await setting.search(account_id="acc_secret")
    assert "acc_secret" not in repr(setting.shelf)


async def test_those_who_ask_the_same_at_once_share_a_question() -> None:
    setting = Setting(Engine("one", hits(A), takes_s=0.1))
    answers = await asyncio.gather(*(setting.search(account_id=f"acc_{number}") for number in range(5)))
    assert len(setting.engines[0].asked) == 1
    assert len({answer.material for answer in answers}) == 1


async def test_an_answer_is_found_again_for_as_long_as_its_topic_allows_and_a_degraded_one_briefly() -> None:
    setting = Setting()
    await setting.search(topic=Topic.NEWS)
    degraded = Setting(Engine("one", hits(A)), Engine("two", failing()))
    await degraded.search()
    assert setting.shelf.found_s == [FOUND_S[Topic.NEWS]]
    assert degraded.shelf.found_s[0] < 60
    assert setting.shelf.kept_s == degraded.shelf.kept_s == [KEPT_S]


async def test_what_was_found_in_a_hurry_is_for_nobody_else() -> None:
    class Late(Reader):
        async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
            if timeout_s < 1:
                raise FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "too late", url=url)
            return await super().read(url, text_format, query, timeout_s)

    setting = Setting(reader=Late({A: TEXT, B: TEXT}))
    hurried = await setting.search(timeout_ms=500)
    assert hurried.material.results[0].unread is not None
    assert setting.shelf.orders == {}


async def test_a_page_that_breaks_the_reader_costs_only_itself() -> None:
    class Breaking(Reader):
        async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
            if url == A:
                raise ZeroDivisionError
            return await super().read(url, text_format, query, timeout_s)

    broken, fine = (await Setting(reader=Breaking({B: TEXT})).search()).material.results
    assert broken.unread is not None
    assert broken.unread.reason == Reason.PAGE_UNREADABLE
    assert fine.page is not None


async def test_a_page_that_leads_out_of_the_domains_is_left_out() -> None:
    class Leading(Reader):
        async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
            page = await super().read(url, text_format, query, timeout_s)
            return replace(page, final_url=C) if url == A else page

    answer = await Setting(reader=Leading({A: TEXT, B: TEXT})).search(exclude_domains=("c.example",))
    assert urls(answer) == [B]


async def test_an_account_that_asks_too_much_at_once_is_told_so() -> None:
    setting = Setting(Engine("one", hits(A), takes_s=0.2), of_account_max=2)
    outcomes = await asyncio.gather(
        *(setting.search(queries=(f"otters {number}",)) for number in range(4)),
        setting.search(account_id="acc_2"),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, FlexuraError)]
    assert [error.reason for error in refused] == [Reason.SEARCH_LIMIT] * 2


async def test_what_is_no_longer_kept_has_expired() -> None:
    setting = Setting()
    part = await setting.search(content=Content.FULL, tokens_max=700)
    setting.shelf.materials.clear()
    with pytest.raises(FlexuraError) as failed:
        await setting.search(queries=(), continuation=part.continuation)
    assert failed.value.reason is Reason.CONTINUATION_EXPIRED


WORDS = st.lists(
    st.sampled_from(["otters", "schwimmen", '"quoted"', "水獭", "\n\n", "🦦", "\\", "x" * 30, "12.5", "É"]),
    max_size=120,
).map(" ".join)
FOUND = st.lists(
    st.builds(Hit, title=WORDS, url=st.integers(0, 8).map("https://{}.example/".format), snippet=WORDS), max_size=8
)


@given(FOUND, st.lists(WORDS, min_size=9, max_size=9), st.integers(2500, 6000))
@settings(max_examples=50, deadline=None)
async def test_no_part_is_over_its_budget_and_all_parts_are_the_whole(
    found: list[Hit], texts: list[str], tokens_max: int
) -> None:
    pages = {f"https://{number}.example/": text for number, text in enumerate(texts)}
    setting = Setting(Engine("one", EngineAnswer(hits=tuple(found))), reader=Reader(pages))
    whole = await setting.search(content=Content.FULL)
    read = {result.found.url: "" for result in whole.material.results}
    answer = await setting.search(content=Content.FULL, tokens_max=tokens_max)
    while True:
        written = written_by_the_edge(answer)
        assert max(tokenizer.count(written) for tokenizer in TOKENIZERS) <= answer.tokens <= tokens_max
        for result in json.loads(written)["results"]:
            read[result["url"]] += result["content"] or ""
        if not answer.continuation:
            break
        answer = await setting.search(queries=(), continuation=answer.continuation, tokens_max=tokens_max)
    assert read == {result.found.url: result.page.text for result in whole.material.results if result.page}


def written_by_the_edge(answer: Answer[SearchMaterial]) -> str:
    fields = search_json(search_response(answer), is_list=False)
    return json.dumps(fields | {"took_ms": 12_345, "request_id": "f" * 24}, ensure_ascii=False, separators=(",", ":"))
