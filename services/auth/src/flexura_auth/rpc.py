"""The gRPC door: a message in, one use case, a message out."""

from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from grpc.aio import ServicerContext

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura.auth.v1 import auth_service_pb2_grpc
from flexura_auth.domain import Account, ApiKey
from flexura_auth.service.auth import Auth
from flexura_kit import log
from flexura_kit.errors import FlexuraError
from flexura_kit.ids import AccountId, KeyId
from flexura_kit.rpc import Service, error_to_message, to_timestamp

Context = ServicerContext[Any, Any]


class AuthServicer(auth_service_pb2_grpc.AuthServiceServicer):
    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    async def CreateAccount(self, request: pb.CreateAccountRequest, _context: Context) -> pb.CreateAccountResponse:
        account = await self._auth.create_account(request.request_id, request.display_name)
        log.bind(account_id=account.account_id)
        return pb.CreateAccountResponse(account=account_to_message(account))

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, _context: Context) -> pb.CreateApiKeyResponse:
        log.bind(account_id=request.account_id)
        new = await self._auth.create_api_key(AccountId(request.account_id), request.display_name)
        log.bind(key_id=new.key.key_id)
        return pb.CreateApiKeyResponse(api_key=key_to_message(new.key), secret=new.secret)

    async def ListApiKeys(self, request: pb.ListApiKeysRequest, _context: Context) -> pb.ListApiKeysResponse:
        log.bind(account_id=request.account_id)
        page = await self._auth.list_api_keys(AccountId(request.account_id), request.page_size, request.page_token)
        return pb.ListApiKeysResponse(
            api_keys=[key_to_message(key) for key in page.keys], next_page_token=page.next_page_token
        )

    async def RotateApiKey(self, request: pb.RotateApiKeyRequest, _context: Context) -> pb.RotateApiKeyResponse:
        log.bind(account_id=request.account_id, key_id=request.key_id)
        overlap = from_duration(request.overlap)
        new = await self._auth.rotate_api_key(AccountId(request.account_id), KeyId(request.key_id), overlap)
        log.bind(new_key_id=new.key.key_id)
        return pb.RotateApiKeyResponse(api_key=key_to_message(new.key), secret=new.secret)

    async def RevokeApiKey(self, request: pb.RevokeApiKeyRequest, _context: Context) -> pb.RevokeApiKeyResponse:
        log.bind(account_id=request.account_id, key_id=request.key_id)
        key = await self._auth.revoke_api_key(AccountId(request.account_id), KeyId(request.key_id))
        return pb.RevokeApiKeyResponse(api_key=key_to_message(key))

    async def BatchVerifyApiKeys(
        self, request: pb.BatchVerifyApiKeysRequest, _context: Context
    ) -> pb.BatchVerifyApiKeysResponse:
        verdicts, moment = await self._auth.verify_api_keys(request.digests)
        results = [verdict_to_message(verdict) for verdict in verdicts]
        return pb.BatchVerifyApiKeysResponse(results=results, verify_time=to_timestamp(moment))


def auth_service(auth: Auth) -> Service:
    descriptor = pb.DESCRIPTOR.services_by_name["AuthService"]
    return Service(descriptor, auth_service_pb2_grpc.add_AuthServiceServicer_to_server, AuthServicer(auth))


def account_to_message(account: Account) -> pb.Account:
    return pb.Account(
        account_id=account.account_id,
        display_name=account.display_name,
        create_time=to_timestamp(account.create_time),
    )


def key_to_message(key: ApiKey) -> pb.ApiKey:
    return pb.ApiKey(
        key_id=key.key_id,
        account_id=key.account_id,
        display_name=key.display_name,
        key_prefix=key.key_prefix,
        create_time=to_timestamp(key.create_time),
        revoke_time=to_timestamp(key.revoke_time),
        expire_time=to_timestamp(key.expire_time),
    )


def verdict_to_message(verdict: ApiKey | FlexuraError) -> pb.VerifyApiKeyResult:
    if isinstance(verdict, FlexuraError):
        return pb.VerifyApiKeyResult(error=error_to_message(verdict))
    return pb.VerifyApiKeyResult(api_key=key_to_message(verdict))


def from_duration(duration: Duration) -> timedelta:
    try:
        return timedelta(seconds=duration.seconds, microseconds=duration.nanos // 1000)
    except OverflowError:
        # Out of all range either way, which the use case then says.
        return timedelta.max if duration.seconds > 0 else timedelta.min
