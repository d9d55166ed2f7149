"""How long an event token lasts, whatever the clocks of the replicas say."""

import pytest

from flexura_edge.auth_time import AuthTime
from flexura_edge.event_tokens import EventTokens
from flexura_kit.errors import FlexuraError, Reason

LIFETIME_S = 600.0
AUTH_TIME = 1_800_000_000.0
DIGEST = b"d" * 32


class Replica:
    """An edge on a machine whose clock is off, and on which time passes when the test says so."""

    def __init__(self, clock_off_s: float) -> None:
        self.passed_s = 0.0
        self.time = AuthTime(lambda: AUTH_TIME + clock_off_s + self.passed_s, lambda: self.passed_s)
        self.tokens = EventTokens(["s" * 32], LIFETIME_S, self.time.now)

    def hears_auth(self) -> None:
        self.time.learn(AUTH_TIME + self.passed_s)

    def refusal(self, text: str) -> Reason | None:
        try:
            self.tokens.refuse_expired(self.tokens.open(text))
        except FlexuraError as error:
            return error.reason
        return None


@pytest.mark.parametrize("maker_off_s", [-7200.0, 0.0, 7200.0])
@pytest.mark.parametrize("reader_off_s", [-7200.0, 0.0, 7200.0])
def test_a_token_lasts_as_long_as_said_on_every_replica(maker_off_s: float, reader_off_s: float) -> None:
    maker, reader = Replica(maker_off_s), Replica(reader_off_s)
    maker.hears_auth()
    text = maker.tokens.make(DIGEST).text
    reader.hears_auth()

    reader.passed_s = LIFETIME_S - 1
    assert reader.refusal(text) is None
    reader.passed_s = LIFETIME_S
    assert reader.refusal(text) is Reason.EVENT_TOKEN_EXPIRED


def test_the_time_goes_on_while_auth_says_nothing() -> None:
    replica = Replica(clock_off_s=7200)
    assert replica.time.now() == AUTH_TIME + 7200
    replica.hears_auth()

    replica.passed_s = 30.0
    assert replica.time.now() == AUTH_TIME + 30
