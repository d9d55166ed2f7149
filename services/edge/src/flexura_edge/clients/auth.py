"""The auth service, asked in batches whose a key is."""

from google.protobuf.timestamp_pb2 import Timestamp
from grpc.aio import Channel

from flexura.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from flexura_edge.auth_time import AuthTime
from flexura_edge.keys import Caller
from flexura_kit.batch import Gatherer
from flexura_kit.errors import FlexuraError
from flexura_kit.ids import AccountId, KeyId
from flexura_kit.rpc import error_from_message

VERIFY_S = 2.0
ITEM_BYTES = 256


class AuthClient:
    def __init__(self, channel: Channel) -> None:
        self.time = AuthTime()
        self._stub = auth_service_pb2_grpc.AuthServiceStub(channel)
        self._verifications = Gatherer("verify_keys", self._verify_batch, size_of=lambda _digest: ITEM_BYTES)

    async def verify(self, digest: bytes, timeout_s: float) -> Caller:
        return await self._verifications.ask(digest, timeout_s)

    async def _verify_batch(self, digests: list[bytes]) -> list[Caller | FlexuraError]:
        request = auth_service_pb2.BatchVerifyApiKeysRequest(digests=digests)
        response = await self._stub.BatchVerifyApiKeys(request, timeout=VERIFY_S)
        if response.HasField("verify_time"):
            self.time.learn(unix_time(response.verify_time))
        now = self.time.now()
        return [caller_or_error(result, now) for result in response.results]


def caller_or_error(result: auth_service_pb2.VerifyApiKeyResult, now: float) -> Caller | FlexuraError:
    if result.HasField("error"):
        return error_from_message(result.error)
    key = result.api_key
    left_s = unix_time(key.expire_time) - now if key.HasField("expire_time") else None
    return Caller(AccountId(key.account_id), KeyId(key.key_id), left_s)


def unix_time(timestamp: Timestamp) -> float:
    return timestamp.seconds + timestamp.nanos / 1e9
