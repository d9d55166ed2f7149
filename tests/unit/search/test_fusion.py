"""Many lists into one: the order of engines makes no difference, and a page is found once."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from flexura_search.domain.findings import Hit, ImageHit
from flexura_search.domain.fusion import Ranking, Source, fuse, fuse_images
from flexura_search.domain.urls import same_page

SITES = [f"https://site{number}.example/page" for number in range(12)]
HITS = st.builds(
    Hit,
    title=st.sampled_from(["Otters", "Rivers", "Otters and rivers"]),
    url=st.sampled_from([*SITES, *(f"{site}?utm_source=x" for site in SITES[:4]), "http://www.site1.example/page/"]),
    snippet=st.sampled_from(["", "They swim.", "They swim in cold water and hold hands while they sleep at night."]),
    published_at=st.sampled_from([None, datetime(2026, 3, 5, tzinfo=UTC)]),
)
RANKINGS = st.lists(
    st.builds(Ranking, st.sampled_from("abcde"), st.lists(HITS, max_size=8)),
    max_size=5,
    unique_by=lambda ranking: ranking.engine,
)


@given(RANKINGS, st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_lists_makes_no_difference(rankings: list[Ranking], random: object) -> None:
    shuffled = list(rankings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fuse(shuffled) == fuse(rankings)


@given(RANKINGS)
@settings(max_examples=100, deadline=None)
def test_scores_fall_from_1_and_no_page_comes_twice(rankings: list[Ranking]) -> None:
    found = fuse(rankings)
    scores = [page.score for page in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert len({page.url.removeprefix("https://").removeprefix("http://") for page in found}) == len(found)
    assert all(page.sources for page in found)


@given(RANKINGS)
@settings(max_examples=100, deadline=None)
def test_each_engine_that_found_a_page_is_named_with_its_place(rankings: list[Ranking]) -> None:
    for page in fuse(rankings):
        named = {source.engine: source.rank for source in page.sources}
        for ranking in rankings:
            pages = list(dict.fromkeys(same_page(hit.url) for hit in ranking.hits))
            place = pages.index(same_page(page.url)) + 1 if same_page(page.url) in pages else None
            assert named.get(ranking.engine) == place


def test_an_engine_that_found_a_page_for_several_wordings_is_named_once_at_its_best_place() -> None:
    page, other = Hit("Page", SITES[0]), Hit("Other", SITES[1])
    found = fuse([Ranking("a", [other, page]), Ranking("a", [page])])
    assert found[0].sources == (Source("a", 1),)
    assert 0 < found[1].score < found[0].score <= 1


def test_the_list_of_one_engine_keeps_its_order() -> None:
    found = fuse([Ranking("a", [Hit(f"Page {number}", site) for number, site in enumerate(SITES)])])
    assert [page.url for page in found] == SITES
    assert found[0].score == 1.0


def test_what_several_find_stands_above_what_one_finds_first() -> None:
    both = Hit("Both", SITES[1], "snippet of a")
    found = fuse(
        [
            Ranking("a", [Hit("Alone", SITES[0]), both]),
            Ranking("b", [Hit("Other", SITES[2]), Hit("Both", f"{SITES[1]}?utm_medium=y#part", author="A. Lutra")]),
        ]
    )
    assert found[0].url == SITES[1]
    assert found[0].sources == (Source("a", 2), Source("b", 2))
    assert (found[0].snippet, found[0].author) == ("snippet of a", "A. Lutra")


def test_a_reprint_is_folded_and_another_text_of_the_same_title_is_not() -> None:
    text = "Otters hold hands while they sleep so that the cold river does not carry them away from each other"
    found = fuse(
        [
            Ranking(
                "a",
                [
                    Hit("Otters", "https://paper.example/a", text),
                    Hit("Otters", "https://reprint.example/b", f"{text} again"),
                    Hit(
                        "Otters", "https://zoo.example/c", "Opening hours, prices and how to find us in the city park."
                    ),
                ],
            )
        ]
    )
    assert [page.url for page in found] == ["https://paper.example/a", "https://zoo.example/c"]


def test_images_are_merged_by_their_address() -> None:
    one, two = (ImageHit(f"https://images.example/{n}.jpg", "https://page.example/") for n in (1, 2))
    found = fuse_images([Ranking("a", images=[one, two]), Ranking("b", images=[two])])
    assert [image.image.url for image in found] == [two.url, one.url]
    assert found[0].sources == (Source("b", 1), Source("a", 2))
