"""Who is calling: API keys as they arrive, and what auth has said of them."""

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from flexura_edge.recent import Recent
from flexura_kit.apikeys import digest, is_well_formed
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, KeyId

SCHEME = "bearer "
FRESH_S = 30.0  # The promise of RevokeApiKey: even where no wake-up arrives, a key stops working within this.
STALE_S = 600.0  # How long a verified key works on while auth is unavailable.
ASK_AGAIN_S = 1.0  # Spares auth, and callers their wait, between attempts while it is unavailable.
REFUSED_S = 5.0
REVOKED_S = 60.0  # Longer than any verification takes, so that one under way cannot revive the key.
KEYS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that calls, and the key it calls with."""

    account_id: AccountId
    key_id: KeyId
    left_s: float | None = None
    """Seconds from its verification after which the key stops working by itself."""


Verify = Callable[[bytes, float], Awaitable[Caller]]


@dataclass(slots=True)
class Verified:
    caller: Caller
    verified_at: float
    fresh_until: float


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: Reason
    message: str
    metadata: dict[str, str]


class Keys:
    """Tells callers by their keys; asks `verify` for a digest it has not heard of lately."""

    def __init__(self, verify: Verify, now: Callable[[], float] = time.monotonic) -> None:
        self._verify = verify
        self._now = now
        self._verified: Recent[bytes, Verified] = Recent(KEYS_MAX, STALE_S, now)
        self._refused: Recent[bytes, Refusal] = Recent(KEYS_MAX, REFUSED_S, now)
        self._revoked: Recent[KeyId, bool] = Recent(KEYS_MAX, REVOKED_S, now)
        self._flushes = 0

    def known(self, authorization: str | None) -> Caller | None:
        """Answers the caller without waiting, where the key was verified lately."""
        if authorization is None or authorization[: len(SCHEME)].lower() != SCHEME or not authorization.isascii():
            return None
        return self._fresh(digest(authorization[len(SCHEME) :].strip()))

    async def caller(self, authorization: str | None, timeout_s: float) -> Caller:
        """Answers the caller, or refuses with the reason why the key does not work."""
        return await self.caller_of(digest(secret_of(authorization)), timeout_s)

    def known_digest(self, key: bytes) -> Caller | None:
        """Like `known`, for the digest of a key."""
        return self._fresh(key)

    async def caller_of(self, key: bytes, timeout_s: float) -> Caller:
        """Like `caller`, for the digest of a key."""
        caller = self._fresh(key)
        if caller is not None:
            return caller
        refusal = self._refused.get(key)
        if refusal is not None:
            raise FlexuraError(Kind.UNAUTHENTICATED, refusal.reason, refusal.message, (), **refusal.metadata)
        return await self._ask(key, timeout_s)

    def expires_in_s(self, key: bytes) -> float:
        """Seconds until a verified key is to be verified because it expires; infinite where it does not."""
        verified = self._verified.get(key)
        if verified is None or verified.caller.left_s is None:
            return math.inf
        left_s = verified.verified_at + verified.caller.left_s - self._now()
        # Past its time it is remembered for as long as auth is unavailable.
        return left_s if left_s > 0 else ASK_AGAIN_S

    def revoke(self, key_id: KeyId) -> None:
        """Drops a key at once, and keeps a verification that is under way from reviving it."""
        self._revoked.put(key_id, value=True)
        for key, verified in self._verified.items():
            if verified.caller.key_id == key_id:
                self._verified.drop(key)

    def flush(self) -> None:
        """Has every key verified again: revocations may have been missed."""
        self._flushes += 1
        for verified in self._verified.values():
            verified.fresh_until = 0.0

    def drop_expired(self) -> None:
        for memory in (self._verified, self._refused, self._revoked):
            memory.drop_expired()

    def _fresh(self, key: bytes) -> Caller | None:
        verified = self._verified.get(key)
        if verified is None or self._now() >= verified.fresh_until or self._is_expired(verified):
            return None
        return verified.caller

    async def _ask(self, key: bytes, timeout_s: float) -> Caller:
        flushes = self._flushes
        try:
            caller = await self._verify(key, timeout_s)
        except FlexuraError as error:
            return self._without_answer(key, error)
        if self._revoked.get(caller.key_id):
            raise FlexuraError(Kind.UNAUTHENTICATED, Reason.API_KEY_REVOKED, "this API key was revoked by its owner")
        if flushes == self._flushes:
            now = self._now()
            self._verified.put(key, Verified(caller, now, now + FRESH_S))
        return caller

    def _without_answer(self, key: bytes, error: FlexuraError) -> Caller:
        if error.kind is Kind.UNAUTHENTICATED:
            self._verified.drop(key)
            self._refused.put(key, Refusal(error.reason, error.message, error.metadata))
            raise error
        verified = self._verified.get(key)
        if error.kind not in {Kind.BUSY, Kind.TIMED_OUT} or verified is None or self._is_expired(verified):
            raise error
        now = self._now()
        verified.fresh_until = min(now + ASK_AGAIN_S, verified.verified_at + STALE_S)
        return verified.caller

    def _is_expired(self, verified: Verified) -> bool:
        # By the time that has passed since auth said so: a wall clock that was set decides nothing here.
        left_s = verified.caller.left_s
        return left_s is not None and self._now() >= verified.verified_at + left_s


def secret_of(authorization: str | None) -> str:
    """Takes the key out of the header, or says what is wrong with it."""
    if not authorization:
        raise FlexuraError(
            Kind.UNAUTHENTICATED,
            Reason.API_KEY_MISSING,
            "no API key was sent; send it as the header `Authorization: Bearer fx_live_...`",
        )
    scheme, _, secret = authorization.replace("\t", " ").strip().partition(" ")
    secret = secret.strip()
    if scheme.lower() != SCHEME.strip() or not is_well_formed(secret):
        raise FlexuraError(
            Kind.UNAUTHENTICATED,
            Reason.API_KEY_MALFORMED,
            "what was sent is not a whole Flexura API key; it is `Bearer `, then `fx_live_` and 38 letters and digits,"
            " copied without a character lost or changed",
        )
    return secret
