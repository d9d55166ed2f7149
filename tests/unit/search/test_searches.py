"""A search from the question to the answer, with engines, pages and a shelf that do as they are told."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from unit.search.scripted import Engine, Reader, failing, hits
from unit.search.setting import TEXT, A, B, C, Setting, urls

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.findings import EngineAnswer, Hit, ImageHit
from flexura_search.domain.pages import Page
from flexura_search.domain.queries import Content, TextFormat, TimeRange, Topic
from flexura_search.service.searches import FOUND_S, KEPT_S


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


async def test_a_site_for_small_screens_is_found_by_its_own_name() -> None:
    found = hits("https://en.m.wiki.example/p", "https://m.example.org/p")
    answer = await Setting(Engine("one", found)).search(include_domains=("en.m.wiki.example",))
    assert urls(answer) == ["https://en.m.wiki.example/p"]


async def test_a_fresh_answer_in_a_hurry_leaves_others_the_one_they_have() -> None:
    setting = Setting(Engine("one", hits(A, B)), Engine("two", hits(C)))
    first = await setting.search()
    setting.engines[1].answer = failing()
    hurried = await setting.search(is_fresh=True, timeout_ms=600)
    assert hurried.material.is_degraded
    again = await setting.search()
    assert again.is_kept
    assert again.material == first.material


async def test_an_answer_keeps_to_its_time_whatever_is_slow() -> None:
    class Slow(Reader):
        async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
            await asyncio.sleep(60)
            return await super().read(url, text_format, query, timeout_s)

    setting = Setting(Engine("one", hits(A)), Engine("slow", takes_s=60), reader=Slow())
    began = time.monotonic()
    answer = await setting.search(timeout_ms=800)
    assert time.monotonic() - began < 0.9
    unread = answer.material.results[0].unread
    assert unread is not None
    assert unread.reason == Reason.DEADLINE_EXCEEDED


async def test_who_has_no_more_time_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_args: object) -> str:
        await asyncio.sleep(60)
        return ""

    setting = Setting()
    monkeypatch.setattr(setting.shelf, "keep", hang)
    with pytest.raises(FlexuraError, match="timeout_ms") as failed:
        await setting.search(timeout_ms=500)
    assert failed.value.reason is Reason.DEADLINE_EXCEEDED


async def test_nothing_is_kept_of_a_search_that_failed() -> None:
    setting = Setting(Engine("one", failing()))
    with pytest.raises(FlexuraError) as failed:
        await setting.search()
    assert failed.value.reason is Reason.SEARCH_UNAVAILABLE
    setting.engines[0].answer = hits(A)
    assert urls(await setting.search()) == [A]


@pytest.mark.parametrize("cursor", ["x", "e30", "\U0001f9a6", "A" * 10_000])
async def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(FlexuraError) as failed:
        await Setting().search(continuation=cursor)
    assert failed.value.reason is Reason.INVALID_REQUEST


async def test_a_cursor_of_another_account_is_refused() -> None:
    setting = Setting()
    part = await setting.search(content=Content.FULL, tokens_max=700)
    with pytest.raises(FlexuraError) as failed:
        await setting.search(account_id="acc_2", continuation=part.continuation)
    assert failed.value.reason is Reason.INVALID_REQUEST
