"""How the same page is known again, and which domain it belongs to."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flexura_search.domain.urls import canonical, host_of, is_within, same_page


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://a.example/p?utm_source=x&id=1&fbclid=2", "https://a.example/p?id=1"),
        ("https://a.example/p#section", "https://a.example/p"),
        ("http://A.Example:80/p", "http://a.example/p"),
        ("https://a.example:443/", "https://a.example/"),
        ("https://a.example:8443/p", "https://a.example:8443/p"),
        ("https://en.m.wiki.example/p", "https://en.wiki.example/p"),
        ("https://m.news.example/p", "https://news.example/p"),
        ("https://m.example/p", "https://m.example/p"),
        ("https://www.amp.com.au/super", "https://www.amp.com.au/super"),
        ("https://amp.co.nz/p", "https://amp.co.nz/p"),
        ("https://m.bank.co.uk/p", "https://bank.co.uk/p"),
        ("https://m.paper.de/p", "https://paper.de/p"),
        ("https://user:word@a.example/p", "https://a.example/p"),
        ("https://a.example/p #part", "https://a.example/p"),
        ("https://words.example/dictionary/amp", "https://words.example/dictionary/amp"),
        ("https://www.google.com/amp/s/news.example/story", "https://news.example/story"),
        ("https://news-example.cdn.ampproject.org/c/s/news.example/story", "https://news.example/story"),
        ("https://bücher.example/p", "https://xn--bcher-kva.example/p"),
        ("https://[2001:db8::1]/p", "https://[2001:db8::1]/p"),
        ("ftp://a.example/p", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://.", ""),
        ("https://www.google.com/amp/s/[x.y/z", "https://www.google.com/amp/s/[x.y/z"),
        ("https://a.example:99999/", ""),
    ],
)
def test_an_address_loses_what_is_not_the_page(url: str, page: str) -> None:
    assert canonical(url) == page


@pytest.mark.parametrize(
    "other",
    [
        "http://a.example/p?b=2&a=1",
        "https://www.a.example/p?a=1&b=2",
        "https://a.example/p/?a=1&b=2",
        "https://a.example/p/index.html?a=1&b=2&gclid=x",
        "https://a.example/p?a=1&b=2&amp=1&outputType=amp",
    ],
)
def test_addresses_of_the_same_page_are_known(other: str) -> None:
    assert same_page(other) == same_page("https://a.example/p?a=1&b=2")


def test_the_amp_shape_of_a_page_is_the_page_and_a_page_on_amps_is_not() -> None:
    assert same_page("https://news.example/2026/story/amp/") == same_page("https://news.example/2026/story")
    assert same_page("https://words.example/dictionary/amp") != same_page("https://words.example/dictionary")


def text_of(parts: st.SearchStrategy[str], joint: str, max_size: int = 4) -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=1, max_size=max_size).map(joint.join)


ADDRESSES = st.builds(
    "{}://{}{}/{}?{}{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    text_of(st.sampled_from(["m", "mobile", "amp", "www", "en", "bücher", "example", "com", "co", "au"]), "."),
    st.sampled_from(["", ":80", ":443", ":8080", ":"]),
    text_of(st.sampled_from(["a", "amp", "c", "s", "index.html", "x.amp.html", "%2F", "ü", " ", ".."]), "/"),
    text_of(st.sampled_from(["a=1", "b", "utm_source=x", "amp=1", "fbclid", "A=%20", "c=a+b", " ", "="]), "&"),
    st.sampled_from(["", "#part", " #"]),
)


@given(ADDRESSES)
@settings(max_examples=150, deadline=None)
def test_the_address_of_a_page_is_its_own(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once
    assert same_page(once) == same_page(url)
    assert "utm_source" not in once
    assert "#" not in once


@given(st.text(max_size=80))
@example("\u2024")  # Folds to a dot.
@settings(max_examples=150, deadline=None)
def test_whatever_is_no_address_is_none_and_the_rest_stays_what_it_is(text: str) -> None:
    for url in (text, f"https://{text}", f"https://a.example/{text}"):
        once = canonical(url)
        assert canonical(once) == once
        assert bool(once) == bool(host_of(url))


def test_subdomains_are_within_and_lookalikes_are_not() -> None:
    assert is_within("docs.a.example", "a.example")
    assert is_within("a.example", "a.example")
    assert not is_within("nota.example", "a.example")
