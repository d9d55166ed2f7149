"""What is remembered of keys, and for how long."""

import asyncio
import math

import pytest

from flexura_edge.keys import ASK_AGAIN_S, Caller, Keys
from flexura_kit.apikeys import digest, new_secret
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, KeyId

CALLER = Caller(AccountId("acc_1"), KeyId("key_1"))
DOWN = FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "auth is away")


class Auth:
    """An auth service that answers what it is told to, and a clock."""

    def __init__(self) -> None:
        self.answer: Caller | FlexuraError = CALLER
        self.now = 1000.0
        self.before_answer = lambda: None
        self.keys = Keys(self.verify, lambda: self.now)
        self.authorization = f"Bearer {new_secret()}"

    async def verify(self, _digest: bytes, _timeout_s: float) -> Caller:
        answer = self.answer
        await asyncio.sleep(0)
        self.before_answer()
        if isinstance(answer, FlexuraError):
            raise answer
        return answer

    async def ask(self) -> Caller | Reason:
        known = self.keys.known(self.authorization)
        if known is not None:
            return known
        try:
            return await self.keys.caller(self.authorization, 1.0)
        except FlexuraError as error:
            return error.reason


@pytest.fixture
def auth() -> Auth:
    return Auth()


def refused(reason: Reason) -> FlexuraError:
    return FlexuraError(Kind.UNAUTHENTICATED, reason, "no", key_prefix="fx_live_abcd")


async def test_a_verified_key_is_known_for_30_seconds_without_asking(auth: Auth) -> None:
    assert await auth.ask() == CALLER
    auth.answer = refused(Reason.API_KEY_REVOKED)
    auth.now += 29.9
    assert await auth.ask() == CALLER
    auth.now += 0.2
    assert await auth.ask() == Reason.API_KEY_REVOKED


async def test_the_scheme_is_read_in_any_case_and_space_around_the_key_is_ignored(auth: Auth) -> None:
    secret = auth.authorization.removeprefix("Bearer ")
    for header in (f"bearer {secret}", f"BEARER {secret}", f"Bearer  {secret} "):
        assert await auth.keys.caller(header, 1.0) == CALLER
        assert auth.keys.known(header) == CALLER


async def test_an_unknown_key_is_refused_for_5_seconds_without_asking(auth: Auth) -> None:
    auth.answer = refused(Reason.API_KEY_UNKNOWN)
    assert await auth.ask() == Reason.API_KEY_UNKNOWN
    auth.answer = CALLER
    auth.now += 4.9
    assert await auth.ask() == Reason.API_KEY_UNKNOWN
    auth.now += 0.2
    assert await auth.ask() == CALLER


async def test_a_revoked_key_is_dropped_at_once(auth: Auth) -> None:
    assert await auth.ask() == CALLER
    auth.keys.revoke(KeyId("key_1"))
    auth.answer = refused(Reason.API_KEY_REVOKED)
    assert await auth.ask() == Reason.API_KEY_REVOKED


async def test_a_verification_under_way_does_not_revive_a_revoked_key(auth: Auth) -> None:
    auth.before_answer = lambda: auth.keys.revoke(KeyId("key_1"))
    assert await auth.ask() == Reason.API_KEY_REVOKED
    auth.before_answer = lambda: None
    auth.now += 59
    assert await auth.ask() == Reason.API_KEY_REVOKED


async def test_another_key_is_not_touched_by_a_revocation(auth: Auth) -> None:
    assert await auth.ask() == CALLER
    auth.keys.revoke(KeyId("key_2"))
    auth.answer = DOWN
    assert await auth.ask() == CALLER


async def test_a_flush_has_every_key_verified_again(auth: Auth) -> None:
    assert await auth.ask() == CALLER
    auth.keys.flush()
    auth.answer = refused(Reason.API_KEY_REVOKED)
    assert await auth.ask() == Reason.API_KEY_REVOKED


async def test_what_was_verified_before_a_flush_is_not_remembered_after_it(auth: Auth) -> None:
    auth.before_answer = auth.keys.flush
    assert await auth.ask() == CALLER
    auth.before_answer = lambda: None
    auth.answer = refused(Reason.API_KEY_REVOKED)
    assert await auth.ask() == Reason.API_KEY_REVOKED


async def test_a_verified_key_works_on_for_10_minutes_while_auth_is_away(auth: Auth) -> None:
    assert await auth.ask() == CALLER
    auth.answer = DOWN
    for _ in range(19):
        auth.now += 31
        assert await auth.ask() == CALLER
    auth.now += 31
    assert await auth.ask() == Reason.SERVICE_UNAVAILABLE


async def test_while_auth_is_away_it_is_not_asked_for_every_request(auth: Auth) -> None:
    assert await auth.ask() == CALLER
    auth.answer = DOWN
    auth.now += 31
    assert await auth.ask() == CALLER
    assert auth.keys.known(auth.authorization) == CALLER
    auth.now += 1.1
    assert auth.keys.known(auth.authorization) is None


async def test_a_key_that_was_never_verified_is_not_taken_while_auth_is_away(auth: Auth) -> None:
    auth.answer = DOWN
    assert await auth.ask() == Reason.SERVICE_UNAVAILABLE


async def test_a_revoked_key_does_not_work_on_while_auth_is_away(auth: Auth) -> None:
    assert await auth.ask() == CALLER
    auth.keys.revoke(KeyId("key_1"))
    auth.answer = DOWN
    assert await auth.ask() == Reason.SERVICE_UNAVAILABLE


async def test_a_key_stops_at_its_own_end_though_it_was_verified_before(auth: Auth) -> None:
    auth.answer = Caller(AccountId("acc_1"), KeyId("key_1"), left_s=10)
    assert await auth.ask() == auth.answer
    auth.now += 10
    auth.answer = refused(Reason.API_KEY_EXPIRED)
    assert await auth.ask() == Reason.API_KEY_EXPIRED


async def test_it_is_known_in_how_many_seconds_a_key_expires(auth: Auth) -> None:
    key = digest(auth.authorization.removeprefix("Bearer "))
    assert auth.keys.expires_in_s(key) == math.inf
    await auth.ask()
    assert auth.keys.expires_in_s(key) == math.inf
    auth.now += 31
    auth.answer = Caller(AccountId("acc_1"), KeyId("key_1"), left_s=10)
    await auth.ask()
    auth.now += 4
    assert auth.keys.expires_in_s(key) == pytest.approx(6)
    # Past its time, whoever waits asks again now and then, and not all the time, while auth is away.
    auth.now += 6
    assert auth.keys.expires_in_s(key) == ASK_AGAIN_S
