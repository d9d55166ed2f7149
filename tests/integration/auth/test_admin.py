"""The operator's command against the real auth service, called as an operator calls it."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass

import pytest

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura_kit.apikeys import digest, is_well_formed

from .conftest import TIMEOUT_S, Door

COMMAND_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Ended:
    status: int
    results: str
    remarks: str


async def admin(door: Door, *arguments: str, **environment: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "flexura_admin", *arguments),
        env=os.environ | {"FLEXURA_AUTH_TARGET": door.target} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(COMMAND_TIMEOUT_S):
        results, remarks = await process.communicate()
    return Ended(process.returncode or 0, results.decode(), remarks.decode())


async def test_a_created_key_works_is_listed_and_stops_working_when_it_is_revoked(door: Door) -> None:
    created = await admin(door, "key", "create", "--name", "ci")
    secret = created.results.strip()
    assert created.status == 0
    assert is_well_formed(secret)
    assert (await door.verify(digest(secret)))[0].api_key.display_name == "ci"

    listed = json.loads((await admin(door, "key", "list", "--json")).results)
    assert [(key["display_name"], key["state"]) for key in listed] == [("ci", "working")]

    revoked = await admin(door, "key", "revoke", listed[0]["key_id"])
    assert (revoked.status, revoked.results) == (0, f"{listed[0]['key_id']} (ci) is revoked.\n")
    assert (await door.verify(digest(secret)))[0].HasField("error")
    assert (await admin(door, "key", "list")).results.splitlines()[1].endswith("revoked")


async def test_without_an_account_the_first_one_is_meant(door: Door) -> None:
    first = await door.account("first-account")

    created = json.loads((await admin(door, "key", "create", "--json")).results)

    assert created["account_id"] == first
    listed = await door.stub.ListApiKeys(pb.ListApiKeysRequest(account_id=first), timeout=TIMEOUT_S)
    assert [key.key_id for key in listed.api_keys] == [created["key_id"]]


async def test_all_pages_of_a_long_list_are_printed(door: Door) -> None:
    account_id = await door.account()
    for number in range(101):
        key = (await door.key(account_id, str(number))).api_key
        request = pb.RevokeApiKeyRequest(account_id=account_id, key_id=key.key_id)
        await door.stub.RevokeApiKey(request, timeout=TIMEOUT_S)

    listed = json.loads((await admin(door, "key", "list", "--account", account_id, "--json")).results)

    assert [key["display_name"] for key in listed] == [str(number) for number in reversed(range(101))]


async def test_an_account_is_made_once_for_one_request_id(door: Door) -> None:
    arguments = ("account", "create", "--name", "Research", "--request-id", "research")

    first, second = await admin(door, *arguments), await admin(door, *arguments)

    assert first.results.startswith("acc_")
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("key", "revoke", "key_0"), "no such API key"),
        (("key", "revoke", "key_" + 32 * "0"), "no such API key"),
        (("key", "create", "--account", "acc_" + 32 * "0"), "no such account"),
        (("key", "create", "--name", 101 * "x"), "display_name"),
        (("account", "create", "--request-id", ""), "request_id"),
    ],
)
async def test_a_refusal_is_one_line_that_says_why(door: Door, arguments: tuple[str, ...], said: str) -> None:
    ended = await admin(door, *arguments)

    assert (ended.status, ended.results) == (1, "")
    assert said in ended.remarks
    assert ended.remarks.startswith("flexura-admin: ")
    assert len(ended.remarks.splitlines()) == 1


async def test_where_nothing_listens_it_says_what_to_do(door: Door) -> None:
    ended = await admin(door, "key", "list", FLEXURA_AUTH_TARGET="127.0.0.1:1")

    assert (ended.status, ended.results) == (1, "")
    assert "127.0.0.1:1" in ended.remarks
    assert "FLEXURA_AUTH_TARGET" in ended.remarks
    assert "Traceback" not in ended.remarks


@pytest.mark.parametrize("arguments", [(), ("key",), ("key", "remove"), ("key", "revoke")])
async def test_wrong_usage_is_said_with_status_2(door: Door, arguments: tuple[str, ...]) -> None:
    ended = await admin(door, *arguments)

    assert ended.status == 2
    assert "usage: flexura-admin" in ended.remarks
