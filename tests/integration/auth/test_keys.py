"""Keys are created, listed, rotated and revoked, over each database."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura_auth.models import api_keys
from flexura_kit import apikeys
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import from_timestamp, to_duration

from .conftest import TIMEOUT_S, Door

NOBODY = "acc_" + "0" * 32
NOTHING = "key_" + "0" * 32
HOUR = timedelta(hours=1)


async def rotate(door: Door, account_id: str, key_id: str, overlap: timedelta | None = None) -> pb.RotateApiKeyResponse:
    duration = None if overlap is None else to_duration(overlap)
    request = pb.RotateApiKeyRequest(account_id=account_id, key_id=key_id, overlap=duration)
    return await door.stub.RotateApiKey(request, timeout=TIMEOUT_S)


async def revoke(door: Door, account_id: str, key_id: str) -> pb.ApiKey:
    request = pb.RevokeApiKeyRequest(account_id=account_id, key_id=key_id)
    return (await door.stub.RevokeApiKey(request, timeout=TIMEOUT_S)).api_key


async def page(door: Door, account_id: str, page_size: int = 0, page_token: str = "") -> pb.ListApiKeysResponse:
    request = pb.ListApiKeysRequest(account_id=account_id, page_size=page_size, page_token=page_token)
    return await door.stub.ListApiKeys(request, timeout=TIMEOUT_S)


async def works(door: Door, secret: str) -> bool:
    [result] = await door.verify(apikeys.digest(secret))
    return result.WhichOneof("result") == "api_key"


async def test_a_new_key_works_at_once_and_is_described_without_its_secret(door: Door) -> None:
    account_id = await door.account()

    new = await door.key(account_id, "laptop")

    assert apikeys.is_well_formed(new.secret)
    assert re.fullmatch(r"key_[0-9a-f]{32}", new.api_key.key_id)
    assert new.api_key.account_id == account_id
    assert new.api_key.display_name == "laptop"
    assert new.api_key.key_prefix == new.secret[:12]
    assert new.api_key.HasField("create_time")
    assert not new.api_key.HasField("revoke_time")
    assert not new.api_key.HasField("expire_time")
    assert await works(door, new.secret)


async def test_the_database_holds_the_digest_and_not_the_secret(door: Door) -> None:
    new = await door.key(await door.account())

    async with door.data.read.connect() as connection:
        [row] = (await connection.execute(select(api_keys))).all()

    assert row.digest == apikeys.digest(new.secret)
    assert new.secret[12:] not in str(tuple(row))


@pytest.mark.parametrize("account_id", [NOBODY, "", "acc_", "nul\x00", "x" * 20_000])
async def test_an_account_that_does_not_exist_gets_no_key(door: Door, account_id: str) -> None:
    with pytest.raises(FlexuraError) as refused:
        await door.key(account_id)

    assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, Reason.ACCOUNT_NOT_FOUND)
    assert refused.value.metadata["account_id"] == account_id[:64]


async def test_a_key_name_takes_up_to_100_printable_characters(door: Door) -> None:
    account_id = await door.account()

    for name in ("n" * 101, "tab\t"):
        with pytest.raises(FlexuraError) as refused:
            await door.key(account_id, name)
        assert [violation.field for violation in refused.value.violations] == ["display_name"]


async def test_pages_list_every_key_once_newest_first_while_others_are_added(door: Door) -> None:
    account_id = await door.account()
    await door.key(await door.account("other"))
    made = [(await door.key(account_id)).api_key.key_id for _ in range(7)]

    listed: list[str] = []
    answer = await page(door, account_id, 3)
    while True:
        listed += [key.key_id for key in answer.api_keys]
        if not answer.next_page_token:
            break
        await door.key(account_id)
        answer = await page(door, account_id, 3, answer.next_page_token)

    assert listed == made[::-1]


async def test_a_page_that_ends_with_the_last_key_has_no_next_one(door: Door) -> None:
    account_id = await door.account()
    for _ in range(2):
        await door.key(account_id)

    assert not (await page(door, account_id, 2)).next_page_token


async def test_keys_made_in_the_same_moment_are_listed_once_each(door: Door) -> None:
    account_id = await door.account()
    made = {(await door.key(account_id)).api_key.key_id for _ in range(6)}
    async with door.data.write.begin() as connection:
        await connection.execute(api_keys.update().values(create_time=door.clock()))

    listed: list[str] = []
    token = ""
    for _ in range(3):
        answer = await page(door, account_id, 2, token)
        listed += [key.key_id for key in answer.api_keys]
        token = answer.next_page_token

    assert len(listed) == 6
    assert set(listed) == made


async def test_a_page_has_50_keys_unless_told_otherwise(door: Door) -> None:
    account_id = await door.account()
    for _ in range(51):
        await door.key(account_id)

    assert len((await page(door, account_id)).api_keys) == 50
    assert len((await page(door, account_id, 100)).api_keys) == 51


async def test_an_account_without_keys_lists_none(door: Door) -> None:
    for account_id in (await door.account(), NOBODY, "nul\x00"):
        assert await page(door, account_id) == pb.ListApiKeysResponse()


@pytest.mark.parametrize(
    ("page_size", "page_token", "field"), [(-1, "", "page_size"), (101, "", "page_size"), (0, "x", "page_token")]
)
async def test_a_wrong_page_is_named(door: Door, page_size: int, page_token: str, field: str) -> None:
    with pytest.raises(FlexuraError) as refused:
        await page(door, NOBODY, page_size, page_token)

    assert refused.value.kind is Kind.INVALID
    assert [violation.field for violation in refused.value.violations] == [field]


async def test_a_revoked_key_stops_working_and_stays_in_the_list(door: Door) -> None:
    account_id = await door.account()
    new = await door.key(account_id)

    revoked = await revoke(door, account_id, new.api_key.key_id)

    assert revoked.HasField("revoke_time")
    assert not await works(door, new.secret)
    assert list((await page(door, account_id)).api_keys) == [revoked]


async def test_revoking_again_answers_the_first_revocation(door: Door) -> None:
    account_id = await door.account()
    key_id = (await door.key(account_id)).api_key.key_id

    first = await revoke(door, account_id, key_id)
    door.clock.advance(HOUR)

    assert await revoke(door, account_id, key_id) == first


async def test_another_accounts_key_cannot_be_seen_revoked_or_rotated(door: Door) -> None:
    mine, other = await door.account("mine"), await door.account("other")
    new = await door.key(mine)
    key_id = new.api_key.key_id

    for account_id, asked in ((other, key_id), (NOBODY, key_id), (mine, NOTHING), ("", ""), (mine, "k" * 20_000)):
        for attempt in (revoke(door, account_id, asked), rotate(door, account_id, asked)):
            with pytest.raises(FlexuraError) as refused:
                await attempt
            assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, Reason.API_KEY_NOT_FOUND)
            assert refused.value.metadata == {"key_id": asked[:64]}
    assert not (await page(door, other)).api_keys
    assert await works(door, new.secret)


async def test_a_key_replaced_without_overlap_stops_at_once(door: Door) -> None:
    account_id = await door.account()
    old = await door.key(account_id, "laptop")

    new = await rotate(door, account_id, old.api_key.key_id)

    assert new.api_key.display_name == "laptop"
    assert new.api_key.key_id != old.api_key.key_id
    assert await works(door, new.secret)
    assert not await works(door, old.secret)
    [result] = await door.verify(apikeys.digest(old.secret))
    assert result.error.message == "the API key was replaced by a new one and its overlap is over"


async def test_a_key_replaced_with_overlap_works_until_it_is_over(door: Door) -> None:
    account_id = await door.account()
    old = await door.key(account_id)

    new = await rotate(door, account_id, old.api_key.key_id, HOUR)

    door.clock.advance(HOUR - timedelta(seconds=1))
    assert await works(door, old.secret)
    door.clock.advance(timedelta(seconds=1))
    assert not await works(door, old.secret)
    assert await works(door, new.secret)


async def test_rotating_again_in_the_overlap_does_not_prolong_it(door: Door) -> None:
    account_id = await door.account()
    old = await door.key(account_id)
    await rotate(door, account_id, old.api_key.key_id, HOUR)
    expiry = (await page(door, account_id)).api_keys[1].expire_time

    await rotate(door, account_id, old.api_key.key_id, 2 * HOUR)

    assert (await page(door, account_id)).api_keys[2].expire_time == expiry


async def test_a_revoked_or_expired_key_is_not_rotated(door: Door) -> None:
    account_id = await door.account()
    revoked, expired = await door.key(account_id), await door.key(account_id)
    await revoke(door, account_id, revoked.api_key.key_id)
    await rotate(door, account_id, expired.api_key.key_id)

    for key, reason in ((revoked, Reason.API_KEY_REVOKED), (expired, Reason.API_KEY_EXPIRED)):
        with pytest.raises(FlexuraError) as refused:
            await rotate(door, account_id, key.api_key.key_id, HOUR)
        assert (refused.value.kind, refused.value.reason) == (Kind.REFUSED, reason)
        assert refused.value.metadata == {"key_prefix": key.api_key.key_prefix}
    assert len((await page(door, account_id)).api_keys) == 3


async def test_of_many_rotations_at_once_without_overlap_one_succeeds(door: Door) -> None:
    account_id = await door.account()
    key_id = (await door.key(account_id)).api_key.key_id

    answers = await asyncio.gather(*(rotate(door, account_id, key_id) for _ in range(20)), return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, FlexuraError)]
    assert [error.reason for error in refused] == [Reason.API_KEY_EXPIRED] * 19
    assert len((await page(door, account_id)).api_keys) == 2


@pytest.mark.parametrize(
    "overlap",
    [
        pb.RotateApiKeyRequest(overlap={"seconds": -1}),
        pb.RotateApiKeyRequest(overlap={"nanos": -1000}),
        pb.RotateApiKeyRequest(overlap={"seconds": 7 * 86_400, "nanos": 1000}),
        pb.RotateApiKeyRequest(overlap={"seconds": 2**63 - 1}),
        pb.RotateApiKeyRequest(overlap={"seconds": -(2**63)}),
    ],
)
async def test_an_overlap_takes_0_to_7_days(door: Door, overlap: pb.RotateApiKeyRequest) -> None:
    with pytest.raises(FlexuraError) as refused:
        await door.stub.RotateApiKey(overlap, timeout=TIMEOUT_S)

    assert [violation.field for violation in refused.value.violations] == ["overlap"]


async def test_an_overlap_of_7_days_is_taken(door: Door) -> None:
    account_id = await door.account()
    old = await door.key(account_id)
    before = door.clock()

    await rotate(door, account_id, old.api_key.key_id, timedelta(days=7))

    expiry = from_timestamp((await page(door, account_id)).api_keys[1].expire_time)
    assert before < expiry - timedelta(days=7) < door.clock()
