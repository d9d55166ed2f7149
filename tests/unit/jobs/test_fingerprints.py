"""Requests that say the same are known for the same, and any difference is seen."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flexura_jobs.domain.jobs import JobRequest, MediaType
from flexura_jobs.domain.request_keys import RequestKey, differing_fields
from flexura_jobs.service.fingerprints import SENT, request_key
from flexura_kit.ids import AccountId, JobId

REQUEST = JobRequest(
    job_id=JobId("1"),
    account_id=AccountId("acc_1"),
    media_type=MediaType.IMAGE,
    model="",
    prompt="a lighthouse",
    options_json='{"width":64,"height":64}',
    traceparent="",
    key_id="key_1",
)
KEYED = replace(REQUEST, idempotency_key="order-7")
OTHER: Mapping[str, Any] = {
    "model": "nvidia-flux",
    "prompt": "a lighthouse ",
    "options_json": '{"width":65,"height":64}',
    "client_ref": "7",
    "metadata_json": '{"project":"demo"}',
    "timeout": timedelta(seconds=2),
}


def known(request: JobRequest) -> RequestKey:
    key = request_key(request)
    assert key is not None
    return key


def test_a_request_is_known_by_its_idempotency_key_or_else_by_its_body() -> None:
    key, body = known(KEYED), known(REQUEST)
    assert (key.scope, key.value, key.kept, key.is_binding) == ("image", "order-7", timedelta(hours=24), True)
    assert (body.kept, body.is_binding) == (timedelta(minutes=2), False)
    assert request_key(replace(REQUEST, key_id="")) is None


@pytest.mark.parametrize(
    "same",
    [
        {"options_json": '{ "height": 64, "width": 64 }'},
        {"options_json": '{"width":64.0,"height":6.4e1}'},
        {"options_json": '{"width":64,"height":64,"seed":null}'},
        {"metadata_json": '{"project":null}'},
        {"metadata_json": "{}"},
        {"job_id": "2", "traceparent": "00-1"},
    ],
    ids=["order and space", "other numbers", "null", "null in metadata", "empty", "not of the body"],
)
def test_what_says_the_same_is_the_same(same: dict[str, Any]) -> None:
    assert known(replace(KEYED, **same)) == known(KEYED)
    assert known(replace(REQUEST, **same)) == known(REQUEST)


GIVEN_URL = "https://Example.org/x?A=%2f"


@pytest.mark.parametrize(
    ("given", "same"),
    [
        *[
            (GIVEN_URL, spelling)
            for spelling in (
                "HTTPS://example.org/x?A=%2f",
                "https://EXAMPLE.ORG/x?A=%2f",
                "https://example.org:443/x?A=%2f",
                "https://example.org:0443/x?A=%2f",
                "hTTps://example.ORG:/x?A=%2f",
            )
        ],
        ("http://example.org/", "HTTP://example.org:80"),
        ("https://example.org", "https://example.org:443/"),
        ("https://example.org?a", "https://example.org/?a"),
        ("https://[2001:DB8::7]/", "https://[2001:db8::7]:443/"),
        ("https://BÜCHER.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
    ],
)
def test_an_address_in_another_spelling_is_the_same_address(given: str, same: str) -> None:
    assert known(replace(KEYED, webhook_url=given)) == known(replace(KEYED, webhook_url=same))
    assert known(replace(REQUEST, webhook_url=given)) == known(replace(REQUEST, webhook_url=same))


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/x?A=%2f",
        "https://example.org:80/x?A=%2f",
        "https://example.org:4430/x?A=%2f",
        "https://example.org:8443/x?A=%2f",
        "https://example.org/X?A=%2f",
        "https://example.org/x?A=%2F",
        "https://example.org/x?a=%2f",
        "https://example.org/x/?A=%2f",
        "https://example.org./x?A=%2f",
        "https://example.net/x?A=%2f",
    ],
)
def test_another_address_is_another_request(other: str) -> None:
    keys = [known(replace(KEYED, webhook_url=url)).fields_json for url in (GIVEN_URL, other)]
    assert differing_fields(*keys) == ("webhook_url",)


@pytest.mark.parametrize(("field", "name"), SENT)
def test_a_field_that_differs_is_named(field: str, name: str) -> None:
    other = {field: OTHER.get(field, "another")}
    differing = differing_fields(known(KEYED).fields_json, known(replace(KEYED, **other)).fields_json)
    assert differing == (name,)
    assert known(replace(REQUEST, **other)).value != known(REQUEST).value


def test_the_fields_of_a_body_are_named_as_they_are_sent() -> None:
    assert {"prompt", "model", "options", "client_ref", "metadata", "timeout_s"} <= {name for _, name in SENT}


@pytest.mark.parametrize("other", [{"key_id": "key_2"}, {"media_type": MediaType.VIDEO}], ids=["key", "route"])
def test_the_same_body_of_another_key_or_route_is_another_request(other: dict[str, Any]) -> None:
    assert known(replace(REQUEST, **other)).value != known(REQUEST).value


def test_a_body_is_stored_as_hashes_alone() -> None:
    stored = json.loads(known(KEYED).fields_json)
    assert set(stored) == {"prompt", "options"}
    assert all(len(digits) == 16 for digits in stored.values())
    assert "lighthouse" not in known(KEYED).fields_json
