"""No account has more than 100 working keys, whoever races for the last one."""

import asyncio
from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import insert

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura_auth.domain import ApiKey
from flexura_auth.models import api_keys
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, KeyId
from flexura_kit.rpc import to_duration

from .conftest import TIMEOUT_S, Door


async def fill(door: Door, account_id: str, count: int) -> list[str]:
    """Gives the account keys without a call for each."""
    key_ids = [f"key_{number:032x}" for number in range(count)]
    keys = (ApiKey(KeyId(key_id), AccountId(account_id), "", "fx_live_fill", door.clock()) for key_id in key_ids)
    rows = [{"digest": bytes(28) + number.to_bytes(4), **asdict(key)} for number, key in enumerate(keys)]
    async with door.data.write.begin() as connection:
        await connection.execute(insert(api_keys), rows)
    return key_ids


async def rotate(door: Door, account_id: str, key_id: str, overlap: timedelta) -> pb.RotateApiKeyResponse:
    request = pb.RotateApiKeyRequest(account_id=account_id, key_id=key_id, overlap=to_duration(overlap))
    return await door.stub.RotateApiKey(request, timeout=TIMEOUT_S)


async def test_of_20_that_race_for_the_last_5_keys_5_get_one(door: Door) -> None:
    account_id = await door.account()
    await fill(door, account_id, 95)

    answers = await asyncio.gather(*(door.key(account_id) for _ in range(20)), return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, FlexuraError)]
    assert len(refused) == 15
    assert {(error.kind, error.reason, error.metadata["limit"]) for error in refused} == {
        (Kind.LIMITED, Reason.API_KEY_LIMIT, "100")
    }


async def test_the_limit_is_each_accounts_own(door: Door) -> None:
    await fill(door, await door.account("full"), 100)

    await door.key(await door.account("empty"))


async def test_revoked_and_expired_keys_make_room(door: Door) -> None:
    account_id = await door.account()
    first, second, *_ = await fill(door, account_id, 100)

    await door.stub.RevokeApiKey(pb.RevokeApiKeyRequest(account_id=account_id, key_id=first), timeout=TIMEOUT_S)
    await rotate(door, account_id, second, timedelta(hours=1))
    with pytest.raises(FlexuraError):
        await door.key(account_id)
    door.clock.advance(timedelta(hours=1))

    await door.key(account_id)


async def test_a_full_account_rotates_without_overlap_only(door: Door) -> None:
    account_id = await door.account()
    first, *_ = await fill(door, account_id, 100)

    with pytest.raises(FlexuraError) as refused:
        await rotate(door, account_id, first, timedelta(hours=1))
    await rotate(door, account_id, first, timedelta())

    assert refused.value.reason is Reason.API_KEY_LIMIT
