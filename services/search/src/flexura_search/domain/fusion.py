"""Many lists into one: reciprocal rank fusion, and the same page found twice."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import fsum
from typing import Any, TypeVar

from flexura_search.domain.addresses import exact
from flexura_search.domain.findings import Hit, ImageHit
from flexura_search.domain.urls import same_page

DAMPING = 60  # Of Cormack, Clarke and Buettcher, who proposed the method: the first place is not everything.
NEAR_SHARE = 0.8  # Of the words of two snippets, from which on two pages of one title are the same text.
WORDS_MIN = 8  # Shorter snippets say too little to be compared.
ALIKE_MAX = 10  # Pages of one title that a further one is compared with: a site may have one for all.
WORD = re.compile(r"\w+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """An engine that found it, and its place among what that one found."""

    engine: str
    rank: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page as all engines together tell of it."""

    title: str
    url: str
    snippet: str
    published_at: datetime | None
    author: str
    favicon: str
    image: str
    score: float
    """How well it fits, 0 to 1; 1 is the first place everywhere."""
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class FoundImage:
    image: ImageHit
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """One list: what an engine answered to one of the queries."""

    engine: str
    hits: Sequence[Hit] = ()
    images: Sequence[ImageHit] = ()


def fuse(rankings: Sequence[Ranking]) -> list[Found]:
    """Merges the lists; the order in which engines are named or answer makes no difference."""
    best_possible = sum(1 for ranking in rankings if ranking.hits) / (DAMPING + 1)
    places: defaultdict[str, list[tuple[int, str, Hit]]] = defaultdict(list)
    for ranking in rankings:
        for rank, hit in once_each(ranking.hits, lambda hit: same_page(hit.url)):
            places[same_page(hit.url)].append((rank, ranking.engine, hit))
    merged = [merge(sorted(found, key=first_two), best_possible) for found in places.values()]
    return folded(sorted(merged, key=lambda found: (-found.score, found.sources[0].rank, found.url)))


def fuse_images(rankings: Sequence[Ranking]) -> list[FoundImage]:
    places: defaultdict[str, list[tuple[int, str, ImageHit]]] = defaultdict(list)
    for ranking in rankings:
        for rank, image in once_each(ranking.images, lambda image: image.url):
            places[image.url].append((rank, ranking.engine, image))
    scored = []
    for found in places.values():
        found.sort(key=first_two)
        scored.append((-reciprocal(rank for rank, _, _ in found), found[0][0], found[0][2].url, found))
    return [FoundImage(found[0][2], sources_of(found)) for *_, found in sorted(scored, key=lambda entry: entry[:3])]


def once_each(items: Iterable[T], key: Callable[[T], str]) -> Iterator[tuple[int, T]]:
    """Numbers a list from 1; what comes a second time is passed over and takes no number."""
    seen: set[str] = set()
    for item in items:
        if key(item) not in seen:
            seen.add(key(item))
            yield len(seen), item


def merge(found: Sequence[tuple[int, str, Hit]], best_possible: float) -> Found:
    """One page out of what several engines say of it, the best placed first; gaps are filled by the others."""
    hits = [hit for _, _, hit in found]
    first = hits[0]
    return Found(
        title=first.title or first_of(hit.title for hit in hits),
        url=exact(first.url),
        snippet=first.snippet or first_of(hit.snippet for hit in hits),
        published_at=next((hit.published_at for hit in hits if hit.published_at), None),
        author=first_of(hit.author for hit in hits),
        favicon=first_of(hit.favicon for hit in hits),
        image=first_of(hit.image for hit in hits),
        score=min(1.0, reciprocal(rank for rank, _, _ in found) / best_possible),
        sources=sources_of(found),
    )


def folded(found: Sequence[Found]) -> list[Found]:
    """Leaves out what says the same under another address: reprints and mirrors."""
    kept: list[Found] = []
    by_title: defaultdict[str, list[set[str]]] = defaultdict(list)
    for page in found:
        alike, words = by_title[" ".join(words_of(page.title))], set(words_of(page.snippet))
        if any(is_near(words, others) for others in alike):
            continue
        kept.append(page)
        if len(alike) < ALIKE_MAX:
            alike.append(words)
    return kept


def is_near(words: set[str], others: set[str]) -> bool:
    if min(len(words), len(others)) < WORDS_MIN:
        return False
    return len(words & others) >= NEAR_SHARE * len(words | others)


def reciprocal(ranks: Iterable[int]) -> float:
    # Summed exactly: the order of the engines must not move the last digit, and with it a place.
    return fsum(1 / (DAMPING + rank) for rank in ranks)


def sources_of(found: Sequence[tuple[int, str, Any]]) -> tuple[Source, ...]:
    """Each engine once, at its best place."""
    best: dict[str, int] = {}
    for rank, engine, _ in found:
        best.setdefault(engine, rank)
    return tuple(Source(engine, rank) for engine, rank in best.items())


def first_two(entry: tuple[int, str, Any]) -> tuple[int, str]:
    return entry[:2]


def first_of(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def words_of(text: str) -> list[str]:
    return WORD.findall(text.casefold())
