"""The commands: each makes its calls to the auth service and hands the answer to the output."""

import argparse
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura_admin.output import Output

if TYPE_CHECKING:
    # A name of the typed stubs alone.
    from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceAsyncStub

Command = Callable[["AuthServiceAsyncStub", argparse.Namespace, Output], Awaitable[None]]

TIMEOUT_S = 10.0
PAGE_SIZE = 100
# `make run` makes its account under the same id, so that both mean one account.
FIRST_ACCOUNT_REQUEST_ID = "first-account"
FIRST_ACCOUNT_NAME = "Owner"


async def create_account(auth: "AuthServiceAsyncStub", options: argparse.Namespace, output: Output) -> None:
    request_id = options.request_id if options.request_id is not None else secrets.token_hex(16)
    request = pb.CreateAccountRequest(request_id=request_id, display_name=options.name)
    output.account((await auth.CreateAccount(request, timeout=TIMEOUT_S)).account)


async def create_key(auth: "AuthServiceAsyncStub", options: argparse.Namespace, output: Output) -> None:
    request = pb.CreateApiKeyRequest(account_id=await _account_id(auth, options), display_name=options.name)
    created = await auth.CreateApiKey(request, timeout=TIMEOUT_S)
    output.new_key(created.api_key, created.secret)


async def list_keys(auth: "AuthServiceAsyncStub", options: argparse.Namespace, output: Output) -> None:
    account_id = await _account_id(auth, options)
    output.keys([key async for key in _keys(auth, account_id)])


async def revoke_key(auth: "AuthServiceAsyncStub", options: argparse.Namespace, output: Output) -> None:
    request = pb.RevokeApiKeyRequest(account_id=await _account_id(auth, options), key_id=options.key_id)
    output.revoked_key((await auth.RevokeApiKey(request, timeout=TIMEOUT_S)).api_key)


async def _account_id(auth: "AuthServiceAsyncStub", options: argparse.Namespace) -> str:
    if options.account is not None:
        account_id: str = options.account
        return account_id
    request = pb.CreateAccountRequest(request_id=FIRST_ACCOUNT_REQUEST_ID, display_name=FIRST_ACCOUNT_NAME)
    return (await auth.CreateAccount(request, timeout=TIMEOUT_S)).account.account_id


async def _keys(auth: "AuthServiceAsyncStub", account_id: str) -> AsyncIterator[pb.ApiKey]:
    page_token = ""
    while True:
        request = pb.ListApiKeysRequest(account_id=account_id, page_size=PAGE_SIZE, page_token=page_token)
        page = await auth.ListApiKeys(request, timeout=TIMEOUT_S)
        for key in page.api_keys:
            yield key
        page_token = page.next_page_token
        if not page_token:
            return
