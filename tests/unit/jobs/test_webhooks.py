"""The rules of webhooks: when a message is tried again, how it is signed, what it says, where it may go."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier

from flexura_jobs.domain.events import ToldJob
from flexura_jobs.domain.webhooks import (
    ATTEMPTS_MAX,
    DELAYS,
    Answer,
    DeliveryState,
    EventType,
    Message,
    Outcome,
    outcome_of,
    retry_in,
    shown_secret,
    signatures,
)
from flexura_jobs.service import WebhookAddresses
from flexura_jobs.service.webhook_addresses import written_url
from flexura_jobs.vault import KeyFileError, Vault, read_vault
from flexura_jobs.webhooks.body import BODY_BYTES_MAX, body_of
from flexura_kit.egress import Egress, networks
from flexura_kit.ids import DeliveryId, JobId, LeaseToken, WebhookId

MIDDLE = 0.5
EVENING = datetime(2026, 4, 1, 20, 30, 15, 123_000, tzinfo=UTC)
SECRET, OTHER_SECRET = bytes(range(32)), bytes(range(32, 64))


def outcome(status: int, attempt: int = 1, event_type: EventType = EventType.COMPLETED) -> Outcome:
    return outcome_of(Answer(status), event_type, attempt, MIDDLE)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_status_of_the_two_hundreds_is_success(status: int) -> None:
    assert outcome(status) == Outcome(DeliveryState.DELIVERED, status)


@pytest.mark.parametrize("status", [100, 301, 302, 307, 308, 304, 400, 401, 404, 409, 429, 500, 503])
def test_every_other_status_is_tried_again(status: int) -> None:
    assert outcome(status).state is DeliveryState.PENDING
    assert outcome(status).retry_in == DELAYS[0]


def test_an_owner_is_told_that_redirects_are_not_followed() -> None:
    assert outcome(308).error == (
        "the receiver answered 308; redirects are not followed, so give the address where it leads"
    )


def test_a_receiver_that_is_gone_is_not_tried_again() -> None:
    assert outcome(410).state is DeliveryState.FAILED
    assert outcome(410).is_gone


def test_ten_tries_take_about_a_day() -> None:
    waits = [outcome(500, attempt).retry_in for attempt in range(1, ATTEMPTS_MAX)]
    assert ATTEMPTS_MAX == 10
    assert waits == sorted(waits, key=lambda wait: wait or timedelta())
    assert timedelta(hours=22) < sum((wait for wait in waits if wait), timedelta()) < timedelta(hours=26)
    assert outcome(500, ATTEMPTS_MAX).state is DeliveryState.FAILED


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS_MAX))
def test_waits_are_spread_by_a_fifth_to_either_side(attempt: int) -> None:
    delay = DELAYS[attempt - 1]
    assert retry_in(attempt, 0.0, None) == delay * 0.8
    assert retry_in(attempt, 1.0, None) == delay * 1.2


def test_a_receiver_may_ask_for_a_longer_wait_within_reason() -> None:
    assert retry_in(1, MIDDLE, timedelta(seconds=90)) == timedelta(seconds=90)
    assert retry_in(1, MIDDLE, timedelta(seconds=1)) == DELAYS[0]
    assert retry_in(1, MIDDLE, timedelta(seconds=-90)) == DELAYS[0]
    assert retry_in(1, MIDDLE, timedelta(days=400)) == timedelta(hours=6)


def test_a_test_is_tried_once() -> None:
    assert outcome(500, event_type=EventType.TEST).state is DeliveryState.FAILED


@pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET])
def test_the_reference_verifier_accepts_a_message_under_every_secret_in_use(secret: bytes) -> None:
    timestamp_s = int(datetime.now(UTC).timestamp())
    body = '{"type":"job.completed","data":{"prompt":"灯塔"}}'.encode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signatures([SECRET, OTHER_SECRET], "msg_1", timestamp_s, body),
    }
    assert Verifier(shown_secret(secret)).verify(body, headers)["type"] == "job.completed"


def message(event_type: EventType = EventType.COMPLETED, job: ToldJob | None = None) -> Message:
    return Message(
        DeliveryId("msg_1"),
        WebhookId("wh_1"),
        LeaseToken("t"),
        event_type,
        "https://a.example",
        1,
        EVENING,
        (),
        job,
        JobId("j"),
    )


def ended(**fields: object) -> ToldJob:
    values: dict[str, object] = {
        "job_id": "j",
        "media_type": "image",
        "model": "m",
        "state": "completed",
        "finished_at": EVENING,
        "removed_at": None,
        "client_ref": "",
        "metadata_json": "{}",
        "asset_extension": "png",
        "asset_content_type": "image/png",
        "asset_size_bytes": 5,
        "asset_sha256": "ab" * 32,
        "asset_width": 64,
        "asset_height": 64,
        "asset_duration_s": 0.0,
        "failure_reason": None,
        "failure_message": None,
        "failure_retryable": None,
    }
    return ToldJob(**(values | fields))  # type: ignore[arg-type]


def said(told: Message) -> dict[str, object]:
    body: dict[str, object] = json.loads(body_of(told, "https://f.example"))
    return body


def test_a_message_of_a_completed_job_has_its_link() -> None:
    body = said(message(job=ended(client_ref="order 7", metadata_json='{"a": "b"}')))
    link = "https://f.example/api/assets/j.png"
    assert body == {
        "type": "job.completed",
        "timestamp": "2026-04-01T20:30:15.123Z",
        "data": {
            "job_id": "j",
            "status": "completed",
            "type": "image",
            "model": "m",
            "finished_at": "2026-04-01T20:30:15.123Z",
            "client_ref": "order 7",
            "metadata": {"a": "b"},
            "asset_url": link,
            "asset": {
                "url": link,
                "content_type": "image/png",
                "size_bytes": 5,
                "sha256": "ab" * 32,
                "width": 64,
                "height": 64,
            },
        },
    }


def test_a_message_of_a_failed_job_says_why() -> None:
    job = ended(
        asset_extension=None, failure_reason="canceled", failure_message="It was cancelled.", failure_retryable=False
    )
    data = said(message(EventType.FAILED, job))["data"]
    assert isinstance(data, dict)
    assert (data["status"], data["code"], data["error"]) == ("failed", "canceled", "It was cancelled.")
    assert data["retryable"] is False
    assert "asset_url" not in data


def test_a_removed_job_is_told_of_without_a_link() -> None:
    assert said(message(job=None))["data"] == {"job_id": "j", "status": "completed"}
    data = said(message(job=ended(removed_at=EVENING)))["data"]
    assert isinstance(data, dict)
    assert "asset_url" not in data


def test_a_message_stays_under_twenty_kilobytes() -> None:
    metadata = json.dumps({f"name-{number}": "灯" * 500 for number in range(50)}, ensure_ascii=False)
    longest = ended(metadata_json=metadata, client_ref="灯" * 200, failure_reason="x", failure_message="灯" * 90_000)
    assert len(body_of(message(job=longest), "https://f.example")) < BODY_BYTES_MAX


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "http://example.com/hook",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://example.com:port/",
        "https://user:password@example.com/",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/\r\nX: y",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://8.8.8.0x8/",
        "https://127.0.0.1./",
        "https://\u2460\u2461\u2466.0.0.1/",
        "https://127\u30020\u30020\u30021/",
        "https://.../",
        "https://*.example.com/",
        "https://%31.example.com/",
        f"https://{'x' * 64}.com/",
        f"https://{'ü' * 1900}/",
        f"https://{'a.' * 130}com/",
        "https://example.com/#",
        "https://@example.com/",
        "https://a\u2100b.example/",
        "https://example.com:0/",
        f"https://example.com/{'x' * 2000}",
    ],
)
def test_an_address_that_messages_may_not_go_to_is_refused(url: str) -> None:
    assert WebhookAddresses(Egress(), takes_http=False).fault(url) is not None


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://127.0.0.1:3291/x ", "begins or ends with a blank"),
        (" https://example.com/", "begins or ends with a blank"),
        ("https://example.com/x\n", "begins or ends with a blank or line break"),
        ("https://example.com/x\u00a0", "begins or ends with a blank"),
        ("https://example.com/a b", "holds a blank; write %20"),
        ("https://example.com/ü b", "holds a blank; write %20"),
        ("https://exa mple.com/", "holds a blank"),
        ("https://example.com:443 /", "holds a blank"),
        ("https://example.com/a\tb", "holds a tab"),
        ("https://example.com/a\r\nb", "holds a line break"),
        ("https://example.com/a\u200bb", "holds the character U+200B"),
        ("https://example.com/a\x7fb", "holds the character U+007F"),
        ("https://example.com/a\\b", "holds a backslash; write /"),
        ("https:\\\\example.com", "holds a backslash"),
        ("https://example.com:99999/", "takes a port from 1 to 65535, not 99999"),
        ("https://example.com:0", "takes a port from 1 to 65535, not 0"),
        ("https://example.com:-1/", "not -1"),
        ("https://example.com:port/x", "not port"),
        ("https://example.com:٣/", "takes a port from 1 to 65535"),
        ("https://[2606:4700::1111]:70000?a", "not 70000"),
        ("https://user:word@example.com:65536/", "not 65536"),
        (f"https://example.com:{'9' * 1000}/", f"not {'9' * 20}...;"),
        ("https://a\u2100b.example/", "holds a character that no name of a host has"),
        ("//example.com/hook", "and this one names no scheme"),
        ("example.com/hook", "takes a whole address such as https://"),
        ("", "takes a whole address such as https://"),
    ],
    ids=ascii,
)
def test_what_is_wrong_with_an_address_is_named(url: str, word: str) -> None:
    for address in (url, written_url(url)):
        assert word in (WebhookAddresses(Egress(), takes_http=True).fault(address) or "")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/a?b=c",
        "https://8.8.8.8/hook",
        "https://[2606:4700::1111]/",
        "https://b\u00fccher.example./",
        "https://0x.b-1_c.0xz",
        "HTTPS://EXAMPLE.COM/",
    ],
)
def test_an_address_of_the_internet_is_taken(url: str) -> None:
    assert WebhookAddresses(Egress(), takes_http=False).fault(url) is None


def test_http_is_taken_where_the_operator_allows_networks() -> None:
    addresses = WebhookAddresses(Egress(networks("10.0.0.0/8")), takes_http=True)
    assert addresses.fault("http://10.1.2.3:8080/hook") is None
    assert addresses.fault("http://receiver.internal/hook") is None
    assert addresses.fault("http://127.0.0.1/hook") is not None
    # Nothing would ever be sent there: http stays within what the operator allows.
    told = addresses.fault("http://8.8.8.8/hook") or ""
    assert "not among those that the operator allows; send to it over https" in told
    assert addresses.fault("https://8.8.8.8/hook") is None
    assert "https address" in (addresses.fault("ftp://10.1.2.3/") or "")
    assert "or http, in the networks that the operator allows" in (addresses.fault("ftp://10.1.2.3/") or "")


def test_a_sealed_secret_opens_for_its_owner_alone() -> None:
    vault = Vault([SECRET])
    sealed = vault.seal(b"secret", "wh_1")
    assert "secret" not in sealed
    assert vault.open(sealed, "wh_1") == b"secret"
    assert vault.seal(b"secret", "wh_1") != sealed
    with pytest.raises(ValueError, match="MAC"):
        vault.open(sealed, "wh_2")
    with pytest.raises(KeyFileError):
        Vault([OTHER_SECRET]).open(sealed, "wh_1")


def test_keys_are_rotated_by_a_new_first_line() -> None:
    before = Vault([SECRET]).seal(b"old", "wh_1")
    both = Vault([OTHER_SECRET, SECRET])
    assert both.open(before, "wh_1") == b"old"
    assert Vault([OTHER_SECRET]).open(both.seal(b"new", "wh_1"), "wh_1") == b"new"


@pytest.mark.parametrize("content", ["", "short", "c2hvcnQ=", "ä" * 44, "_" * 42 + "!"])
def test_a_wrong_key_file_is_named_and_its_content_is_not(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content)
    with pytest.raises(KeyFileError) as wrong:
        read_vault(file)
    assert str(file) in str(wrong.value)
    assert not content or content not in str(wrong.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("HTTPS://Example.COM:443/%7e;a+b?", "HTTPS://Example.COM:443/%7e;a+b?"),
        ("https://fa\u00df.example/\u00fc%2f?\u20ac=+", "https://xn--fa-hia.example/%C3%BC%2f?%E2%82%AC=+"),
        ("https://example.com/\u65e5", "https://example.com/%E6%97%A5"),
        ("https://b\u00fccher.example.:8443?a", "https://xn--bcher-kva.example.:8443?a"),
    ],
)
def test_an_address_is_kept_to_the_byte_and_other_letters_as_browsers_write_them(given: str, kept: str) -> None:
    assert written_url(given) == kept
    assert written_url(kept) == kept
    assert WebhookAddresses(Egress(), takes_http=False).fault(kept) is None
