"""Addresses as the URL standard reads and writes them, and whose site is whose."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_kit.errors import FlexuraError, Reason
from flexura_search.domain.addresses import exact, parsed, with_scheme
from flexura_search.domain.filters import is_wanted
from flexura_search.domain.fusion import Ranking, fuse
from flexura_search.domain.queries import Query
from flexura_search.domain.urls import host_of, same_page
from flexura_search.engines.reading import hit, hits_in
from flexura_search.reader.addresses import checked
from flexura_search.reader.fetch import joined
from flexura_search.service.federation import summed_up

SIGNED = "/r17/file%27s%20name%3Av2%28a%29.html?Signature=a%2Fb%2Bc%3D%3D&X-Cred=K%2F2026%2Fregion&t=%7E&m=%40x&p=%3B"
BASE = "https://a.example/dir/page?q=1"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (f"https://a.example{SIGNED}", f"https://a.example{SIGNED}"),
        ("https://a.example", "https://a.example/"),
        ("HTTPS://A.Example:443/P", "https://a.example/P"),
        ("http://a.example:8080/", "http://a.example:8080/"),
        (" https://a.example/a b\tc\n", "https://a.example/a%20bc"),
        ("https://a.example/%7e/%zz/%", "https://a.example/%7e/%zz/%"),
        ("https://a.example/ü?ü=ß&x='\"<>#ü`", "https://a.example/%C3%BC?%C3%BC=%C3%9F&x=%27%22%3C%3E#%C3%BC%60"),
        ("https://a.example/\"<>`^{}|'()[]", "https://a.example/%22%3C%3E%60%5E%7B%7D|'()[]"),
        ("https://a.example/?a=b`^{}|\\", "https://a.example/?a=b`^{}|\\"),
        ("https://a.example/a/./b/../c/%2E%2e/d/.", "https://a.example/a/d/"),
        ("https://a.example/../../x", "https://a.example/x"),
        (r"https:\\a.example\x\y", "https://a.example/x/y"),
        ("https:a.example/x", "https://a.example/x"),
        ("https:////a.example/x", "https://a.example/x"),
        ("https://a.example?x#", "https://a.example/?x#"),
        ("https://a.example/?", "https://a.example/?"),
        ("https://a.example//x//", "https://a.example//x//"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"),
        ("https://a.ex%61mple/", "https://a.example/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://ａ.example/", "https://a.example/"),  # noqa: RUF001 - full width.
        ("https://a。example/", "https://a.example/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://βόλος.example/", "https://xn--nxasmm1c.example/"),
        *((text, "") for text in ("", "x", "/x", "//a.example/", "ftp://a.example/", "mailto:a@b.example", "https://")),
        *((text, "") for text in ("https://a.example:99999/", "https://a.example:x/", "https://[::1/", "https://a b/")),
        *((text, "") for text in (f"https://{'a' * 64}.example/", f"https://{'a.' * 127}example/", "https://a..b/")),
    ],
)
def test_addresses_are_written_as_browsers_write_them(text: str, written: str) -> None:
    assert exact(text) == written
    assert exact(written) == written


@pytest.mark.parametrize(
    ("reference", "written"),
    [
        ("x", "https://a.example/dir/x"),
        ("/x y", "https://a.example/x%20y"),
        ("?b=%27", "https://a.example/dir/page?b=%27"),
        ("#top", "https://a.example/dir/page?q=1#top"),
        ("", "https://a.example/dir/page?q=1"),
        ("../x/./y", "https://a.example/x/y"),
        ("//b.example/x", "https://b.example/x"),
        (r"\r16\caf%C3%A9", "https://a.example/r16/caf%C3%A9"),
        (r"\\b.example\x", "https://b.example/x"),
        ("https:x", "https://a.example/dir/x"),
        ("http:x", "http://x/"),
        (SIGNED, f"https://a.example{SIGNED}"),
        ("javascript:alert(1)", ""),
    ],
)
def test_references_are_read_beside_the_page_they_stand_in(reference: str, written: str) -> None:
    assert exact(reference, parsed(BASE)) == written


@given(st.text(max_size=60), st.sampled_from(["", "https://", "https://a.example/", "https://a.example/?"]))
def test_what_is_written_once_is_written_the_same_again(text: str, before: str) -> None:
    once = exact(before + text)
    assert exact(once) == once
    assert once.isascii()


@given(st.text("%27aZ09/-._~!$&()*+,;=:@", max_size=40))
def test_what_may_stand_in_an_address_is_not_touched(text: str) -> None:
    # Two dots are a way, and no name.
    text = text.replace(".", "")
    assert exact(f"https://a.example/x{text}?{text}") == f"https://a.example/x{text}?{text}"


@pytest.mark.parametrize(
    ("one", "other"),
    [("faß", "fass"), ("xn--fa-hia", "fass"), ("βόλος", "βόλοσ"), ("نامه‌ای", "نامهای"), ("ශ්‍රී", "ශ්රී")],
)
def test_a_letter_of_its_own_is_never_the_site_of_another(one: str, other: str) -> None:
    here, there = f"https://{one}.example/p", f"https://{other}.example/p"
    assert host_of(here) != host_of(there)
    assert same_page(here) != same_page(there)
    assert exact(here) != exact(there)
    domain = host_of(there)
    assert not is_wanted(here, Query("q", include_domains=(domain,)))
    assert is_wanted(here, Query("q", exclude_domains=(domain,)))
    assert not is_wanted(there, Query("q", exclude_domains=(domain,)))


@pytest.mark.parametrize("spelling", ["faß", "FAß", "xn--fa-hia", "XN--FA-HIA", "ｆａß", "fa%C3%9F"])
def test_one_site_is_known_in_all_its_spellings(spelling: str) -> None:
    for dot in (".", "。", "．", "｡"):  # noqa: RUF001 - dots all of them.
        assert host_of(f"https://{spelling}{dot}example/") == "xn--fa-hia.example"
    assert str(checked(f"https://{spelling}.example/p", {443})) == "https://xn--fa-hia.example/p"
    assert joined(checked(BASE, {443}), f"//{spelling}.example/p") == "https://xn--fa-hia.example/p"


def test_fragments_that_name_a_page_make_pages() -> None:
    urls = ["https://docs.example/#/guide", "https://docs.example/#/api", "https://docs.example/#!/faq"]
    hits = tuple(hit(f"T{place}", url, "") for place, url in enumerate(urls))
    assert [found.url for found in fuse([Ranking("one", tuple(filter(None, hits)))])] == urls
    assert same_page("https://a.example/p#part") == same_page("https://a.example/p#other")


def test_what_is_answered_is_what_was_found() -> None:
    urls = [f"https://a.example{SIGNED}", "https://b.example/p/?utm_source=x&b=1&a=2", "https://c.example/p?q#here"]
    hits = tuple(hit("T", url, "") for url in urls)
    assert [found.url for found in fuse([Ranking("one", tuple(filter(None, hits)))])] == urls


@pytest.mark.parametrize(
    ("domain", "url", "is_included", "is_excluded"),
    [
        ("www.otters.example", "https://otters.example/a", True, True),
        ("www.otters.example", "https://www.otters.example/a", True, True),
        ("www.otters.example", "https://a.www.otters.example/", True, True),
        ("www.otters.example", "https://docs.otters.example/", False, False),
        ("otters.example", "https://www.otters.example/", True, True),
        ("www.com", "https://otters.com/", False, False),
        ("www.co.uk", "https://otters.co.uk/", False, False),
    ],
)
def test_www_before_a_domain_means_the_site(domain: str, url: str, *, is_included: bool, is_excluded: bool) -> None:
    assert is_wanted(url, Query("q", include_domains=(domain,))) is is_included
    assert is_wanted(url, Query("q", exclude_domains=(domain,))) is not is_excluded


def test_results_without_a_usable_address_are_counted() -> None:
    urls = ["https://files.example/My Report 2026.pdf", "ftp://a.example/", f"https://a.example/{'x' * 2000}", None]
    answer = hits_in([{"url": url} for url in urls], lambda item: hit("T", item["url"], ""), 10)
    assert [found.url for found in answer.hits] == ["https://files.example/My%20Report%202026.pdf"]
    assert answer.left_out == 3
    trace = summed_up("one", [answer, answer], 5)
    assert trace.said == "6 results have no usable address and are left out"
    assert not trace.is_degraded


@pytest.mark.parametrize(
    ("address", "read_as"),
    [
        ("a.example", "https://a.example"),
        ("a.example/p?q", "https://a.example/p?q"),
        (" a.example:8443/p ", "https://a.example:8443/p"),
        ("faß.example", "https://faß.example"),
        ("http://a.example", "http://a.example"),
        ("localhost", "localhost"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("u:p@a.example", "u:p@a.example"),
        ("two words.example", "two words.example"),
    ],
)
def test_a_name_alone_is_read_as_https(address: str, read_as: str) -> None:
    assert with_scheme(address) == read_as


@pytest.mark.parametrize("host", ["a" * 58_000, "ß" * 58_000, "a." * 29_000, "ß" * 64, f"{'ab.' * 90}example"])
def test_hosts_that_nobody_can_have_are_refused_before_they_are_read(host: str) -> None:
    begun = time.process_time()
    for read in (lambda: checked(f"https://{host[:4000]}/", {443}), lambda: joined(checked(BASE, {443}), f"//{host}/")):
        with pytest.raises(FlexuraError) as refused:
            read()
        assert refused.value.reason is Reason.ADDRESS_REFUSED
    assert exact(f"https://{host}/") == ""
    assert host_of(f"https://{host}/") == ""
    assert time.process_time() - begun < 1.0
