"""CreateAccount over each database."""

import asyncio
import re

import pytest
from sqlalchemy import func, select

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura_auth.models import accounts
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import from_timestamp

from .conftest import TIMEOUT_S, Door


async def create(door: Door, request_id: str, display_name: str = "") -> pb.Account:
    request = pb.CreateAccountRequest(request_id=request_id, display_name=display_name)
    return (await door.stub.CreateAccount(request, timeout=TIMEOUT_S)).account


async def test_an_account_has_an_id_a_name_and_the_time_it_was_made(door: Door) -> None:
    before = door.clock()

    account = await create(door, "first", "Ada's laboratory")

    assert re.fullmatch(r"acc_[0-9a-f]{32}", account.account_id)
    assert account.display_name == "Ada's laboratory"
    assert before < from_timestamp(account.create_time) < door.clock()


async def test_the_same_request_answers_the_account_made_first(door: Door) -> None:
    first = await create(door, "once", "first name")

    assert await create(door, "once", "second name") == first
    assert await create(door, "another") != first


async def test_many_calls_of_one_request_at_once_make_one_account(door: Door) -> None:
    answers = await asyncio.gather(*(create(door, "race", f"name {n}") for n in range(30)))

    async with door.data.read.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(accounts)) == 1
    assert len({account.SerializeToString() for account in answers}) == 1


@pytest.mark.parametrize("request_id", ["", "r" * 65, "nul\x00", "line\n"])
async def test_a_request_id_takes_1_to_64_printable_characters(door: Door, request_id: str) -> None:
    with pytest.raises(FlexuraError) as refused:
        await create(door, request_id)

    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID, Reason.INVALID_REQUEST)
    assert [violation.field for violation in refused.value.violations] == ["request_id"]


async def test_a_request_id_of_64_characters_in_any_script_is_taken(door: Door) -> None:
    first = await create(door, "ж" * 64, "名" * 100)

    assert await create(door, "ж" * 64) == first


@pytest.mark.parametrize("display_name", ["n" * 101, "nul\x00", "\x1b[31m"])
async def test_a_name_takes_up_to_100_printable_characters(door: Door, display_name: str) -> None:
    with pytest.raises(FlexuraError) as refused:
        await create(door, "first", display_name)

    assert [violation.field for violation in refused.value.violations] == ["display_name"]
