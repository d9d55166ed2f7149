"""BatchVerifyApiKeys over each database."""

import hashlib
from datetime import timedelta

import pytest

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura_kit import apikeys
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import error_from_message, to_duration

from .conftest import TIMEOUT_S, Door


def outcome(result: pb.VerifyApiKeyResult) -> Reason | str:
    """Answers the id of a working key, or why it does not work."""
    if result.WhichOneof("result") == "api_key":
        return result.api_key.key_id
    error = error_from_message(result.error)
    assert error.kind is Kind.UNAUTHENTICATED
    return error.reason


async def test_each_digest_is_answered_in_its_place(door: Door) -> None:
    account_id = await door.account()
    working, revoked, expired, overlapping = [await door.key(account_id) for _ in range(4)]
    request = pb.RevokeApiKeyRequest(account_id=account_id, key_id=revoked.api_key.key_id)
    await door.stub.RevokeApiKey(request, timeout=TIMEOUT_S)
    for key, overlap in ((expired, timedelta()), (overlapping, timedelta(hours=1))):
        rotation = pb.RotateApiKeyRequest(
            account_id=account_id, key_id=key.api_key.key_id, overlap=to_duration(overlap)
        )
        await door.stub.RotateApiKey(rotation, timeout=TIMEOUT_S)
    secrets = [expired.secret, apikeys.new_secret(), working.secret, revoked.secret, overlapping.secret]

    results = await door.verify(*map(apikeys.digest, secrets))

    assert [outcome(result) for result in results] == [
        Reason.API_KEY_EXPIRED,
        Reason.API_KEY_UNKNOWN,
        working.api_key.key_id,
        Reason.API_KEY_REVOKED,
        overlapping.api_key.key_id,
    ]
    assert results[2].api_key == working.api_key
    assert results[3].error.metadata == {"key_prefix": revoked.api_key.key_prefix}


async def test_a_digest_asked_twice_is_answered_twice(door: Door) -> None:
    new = await door.key(await door.account())

    results = await door.verify(*[apikeys.digest(new.secret)] * 2)

    assert [outcome(result) for result in results] == [new.api_key.key_id] * 2


async def test_what_is_no_digest_is_of_no_key_and_harms_no_other(door: Door) -> None:
    new = await door.key(await door.account())

    results = await door.verify(b"", new.secret.encode(), b"\x00" * 1000, apikeys.digest(new.secret))

    assert [outcome(result) for result in results] == [*[Reason.API_KEY_UNKNOWN] * 3, new.api_key.key_id]


async def test_256_digests_are_answered_and_257_refused(door: Door) -> None:
    new = await door.key(await door.account())
    unknown = [hashlib.sha256(number.to_bytes(2)).digest() for number in range(256)]

    results = await door.verify(*unknown[:255], apikeys.digest(new.secret))
    with pytest.raises(FlexuraError) as refused:
        await door.verify(*unknown, apikeys.digest(new.secret))

    assert outcome(results[-1]) == new.api_key.key_id
    assert {outcome(result) for result in results[:-1]} == {Reason.API_KEY_UNKNOWN}
    assert [violation.field for violation in refused.value.violations] == ["digests"]


async def test_no_digests_are_no_results(door: Door) -> None:
    assert await door.verify() == []
