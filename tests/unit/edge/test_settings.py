"""Reading where to listen and what the server is called."""

import pytest
from pydantic import ValidationError

from flexura_edge.settings import EdgeSettings, addresses, origins

TARGETS = {"auth_target": "unix:/a", "jobs_target": "unix:/j", "search_target": "unix:/s"}


def test_both_loopback_addresses_are_listened_on_by_default() -> None:
    assert addresses(EdgeSettings(**TARGETS).listen) == [("127.0.0.1", 3000), ("::1", 3000)]


@pytest.mark.parametrize("listen", ["", "3000", "127.0.0.1", ":3000", "127.0.0.1:http", "127.0.0.1:1,"])
def test_an_address_that_cannot_be_read_stops_the_start(listen: str) -> None:
    with pytest.raises(ValidationError, match="host:port"):
        EdgeSettings(listen=listen, **TARGETS)


def test_the_public_url_has_no_slash_at_its_end_and_a_scheme_at_its_start() -> None:
    assert EdgeSettings(public_url="https://a.example/", **TARGETS).public_url == "https://a.example"
    assert EdgeSettings(public_url="https://a.example:8443/x", **TARGETS).public_url == "https://a.example:8443/x"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "a.example",
            "ftp://a.example",
            "https://",
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example#x",
        ),
        *("https://a example", "https://a.example:0", "https://a.example:x", "https://a\n.example"),
    ],
)
def test_a_public_url_that_no_client_can_call_stops_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match=r"public_url"):
        EdgeSettings(public_url=url, **TARGETS)


def test_origins_are_read_as_browsers_write_them() -> None:
    assert origins("") == ()
    given = " https://App.example/,http://localhost:5173, https://b.example:443,chrome-extension://abc,* "
    expected = ("https://app.example", "http://localhost:5173", "https://b.example", "chrome-extension://abc", "*")
    assert origins(given) == expected


@pytest.mark.parametrize("text", ["app.example", "https://a.example/path", "null", "https://*.a.example/x", "https://"])
def test_what_is_no_origin_stops_the_start(text: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        EdgeSettings(cors_origins=text, **TARGETS)


def test_the_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TARGETS.items():
        monkeypatch.setenv(f"FLEXURA_{name.upper()}", value)
    monkeypatch.setenv("FLEXURA_S3_ENDPOINT", "127.0.0.1:8333")
    monkeypatch.setenv("FLEXURA_PUBLIC_URL", "http://localhost:8080")
    settings = EdgeSettings()
    assert (settings.s3.endpoint, settings.public_url) == ("127.0.0.1:8333", "http://localhost:8080")
