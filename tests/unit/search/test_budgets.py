"""Answers within their budget: the JSON that the edge writes, counted by real tokenizers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.search.scripted import Engine, Reader, failing
from unit.search.setting import Setting, tokens_of, written_by_the_edge

from flexura_kit.errors import FlexuraError, Reason
from flexura_search.domain.findings import EngineAnswer, EngineFailedError, Hit, ImageHit
from flexura_search.domain.materials import SearchMaterial
from flexura_search.domain.queries import Content, Topic
from flexura_search.service.cutting import Answer

NAMES = ("searxng", "brave", "tavily", "exa", "wikipedia", "ddgs")
LANGUAGES = list(json.loads(Path(__file__).with_name("languages.json").read_text()).values())
ODD = ["otters", '"quoted"', "\n\n", "🦦", "\\", "x" * 30, "12.5", "É", "\x01", "\t| a | b |\r\n"]
SITES = [f"https://{number}.example/" for number in range(8)]
WORDS = st.one_of(
    st.lists(st.sampled_from(ODD), max_size=60).map(" ".join),
    st.tuples(st.sampled_from(LANGUAGES), st.integers(0, 5)).map(lambda words: words[0] * words[1]),
)
HITS = st.builds(Hit, WORDS, st.sampled_from(SITES), WORDS, author=WORDS.map(lambda text: text[:60]))
ANSWERS = st.builds(
    EngineAnswer,
    st.lists(HITS, max_size=6).map(tuple),
    st.lists(st.builds(ImageHit, st.sampled_from(SITES), st.sampled_from(SITES), WORDS), max_size=4).map(tuple),
    st.sampled_from(["", "some of its engines did not answer: google (CAPTCHA)"]),
)
SCRIPTS = st.lists(st.one_of(ANSWERS, st.just(failing())), min_size=1, max_size=len(NAMES))
PAGES = st.dictionaries(st.sampled_from(SITES), WORDS, max_size=len(SITES))


async def parts_within(setting: Setting, tokens_max: int, **fields: object) -> list[dict[str, Any]]:
    """All parts of an answer as JSON, each held against its budget, or against the one that the error asks for."""
    written: list[dict[str, Any]] = []
    while True:
        answer, budget = await fitting(setting, tokens_max, **fields)
        part = written_by_the_edge(answer)
        assert tokens_of(part) <= answer.tokens <= budget
        written.append(json.loads(part))
        if not answer.continuation:
            return written
        fields = {"queries": (), "continuation": answer.continuation}


async def fitting(setting: Setting, tokens_max: int, **fields: object) -> tuple[Answer[SearchMaterial], int]:
    try:
        return await setting.search(tokens_max=tokens_max, **fields), tokens_max
    except FlexuraError as error:
        if error.reason is not Reason.INVALID_REQUEST:
            raise
        needed = int(re.findall(r"\d+", error.message)[-1])
        return await setting.search(tokens_max=needed, **fields), needed


def joined(written: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, list[Any]], list[str]]:
    """Texts and passages by address, and the images."""
    texts: dict[str, str] = {}
    passages: dict[str, list[Any]] = {}
    for result in (result for part in written for result in part["results"]):
        assert result.get("content_start", 0) == len(texts.get(result["url"], "")) or not result["content"]
        texts[result["url"]] = texts.get(result["url"], "") + (result["content"] or "")
        passages.setdefault(result["url"], []).extend(result["highlights"])
    return texts, passages, [image["url"] for part in written for image in part["images"]]


@given(SCRIPTS, PAGES, st.integers(500, 5000), st.sampled_from([Topic.GENERAL, Topic.IMAGES]))
@settings(max_examples=60, deadline=None)
async def test_no_part_is_over_its_budget_and_all_parts_are_the_whole(
    scripts: list[EngineAnswer | EngineFailedError], pages: dict[str, str], tokens_max: int, topic: Topic
) -> None:
    engines = [Engine(name, script) for name, script in zip(NAMES, scripts, strict=False)]
    if not any(isinstance(script, EngineAnswer) for script in scripts):
        return
    setting = Setting(*engines, reader=Reader(pages))
    order = {"content": Content.FULL, "topic": topic}
    (whole,) = await parts_within(setting, 1_000_000, **order)
    parts = await parts_within(setting, tokens_max, **order)
    assert joined(parts) == joined([whole])
    assert all(part["truncated"] for part in parts[:-1])
    assert not parts[-1]["truncated"]
    assert whole["degraded"] == any(trace["reason"] for trace in whole["provider_trace"])


@pytest.mark.parametrize("query", ["otters " * 250, "\x01" * 2000, "水獭" * 333])
async def test_an_answer_without_results_is_not_over_its_budget_either(query: str) -> None:
    setting = Setting(Engine("one", EngineAnswer()))
    answer, budget = await fitting(setting, 500, queries=(query,))
    assert tokens_of(written_by_the_edge(answer)) <= answer.tokens <= budget
    with pytest.raises(FlexuraError) as failed:
        await setting.search(queries=(query,), tokens_max=500)
    assert [violation.field for violation in failed.value.violations] == ["max_tokens"]
