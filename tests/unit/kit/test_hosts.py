"""Names of hosts: their bounds, IDNA 2008, and the time that strange ones take."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_kit.hosts import HostRefusedError, ascii_host, refuse_long_host_in

LONGEST = ".".join(["a" * 63] * 3 + ["b" * 61])


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org."),
        ("faß.de", "xn--fa-hia.de"),
        ("FAẞ.de", "xn--fa-hia.de"),
        ("fass.de", "fass.de"),
        ("βόλος.com", "xn--nxasmm1c.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("☕.example", "xn--53h.example"),
        ("xn--fa-hia.de", "xn--fa-hia.de"),
        ("my_site.example.org", "my_site.example.org"),
        ("r3---sn-4g5e6nze.example.com", "r3---sn-4g5e6nze.example.com"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
        ("2001:DB8::7", "2001:db8::7"),
        (LONGEST, LONGEST),
        (LONGEST + ".", LONGEST + "."),
    ],
)
def test_a_host_is_written_as_name_servers_know_it(given: str, meant: str) -> None:
    assert ascii_host(given) == meant


@pytest.mark.parametrize(
    "host",
    [
        "a" * 64,
        f"{'a' * 64}.example",
        LONGEST + "b",
        "ü" * 60,  # Fits as it is written, and not as it is known.
        "a..b",
        "..",
        "ex%61mple.org",
        "a b.example",
        "a\0.example",
        "a℀b.example",  # Maps to a/c.
        "a\uff0fb.example",
        "\u0301a.example",
        "a\u200db.example",
        "fe80::1%eth0",
        "1:2",
        "\ud800.example",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(HostRefusedError):
        ascii_host(host)


@given(st.text(max_size=300))
def test_any_text_becomes_a_host_that_stays_the_same_or_is_refused(text: str) -> None:
    try:
        host = ascii_host(text)
    except HostRefusedError:
        return
    assert host.isascii()
    assert len(host.removesuffix(".")) <= 253
    assert ascii_host(host) == host


@pytest.mark.parametrize(
    "url",
    [
        f"https://{'a' * 64}.example/",
        f"HTTP://user:word@{'ü' * 64}:80",
        f"//{'a.' * 200}example/path",
        f"https:\\\\{'a' * 64}",
        f" \th\nttps://{'a' * 64}/",
    ],
)
def test_a_long_host_is_seen_in_an_address_before_it_is_parsed(url: str) -> None:
    with pytest.raises(HostRefusedError):
        refuse_long_host_in(url)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/" + "a" * 5000, "/path//" + "a" * 300, "a" * 400, "https://[2001:db8::7]:443/?" + "b" * 99],
)
def test_a_long_address_is_no_long_host(url: str) -> None:
    refuse_long_host_in(url)


@pytest.mark.parametrize("character", ["ü", "\u0301", "한", "a", ".", "。", "\u200d", "א", "/", "@", " ", "\t"])
def test_ten_times_as_long_takes_at_most_fifteen_times_as_long(character: str) -> None:
    def seconds(length: int) -> float:
        begun = time.perf_counter()
        with suppress(HostRefusedError):
            refuse_long_host_in(f"https://{character * length}")
        with suppress(HostRefusedError):
            ascii_host(character * length)
        return time.perf_counter() - begun

    # The shortest of many: a machine that is busy only ever adds.
    assert min(seconds(40_000) for _ in range(30)) <= 15 * min(seconds(4_000) for _ in range(30)) + 0.001
