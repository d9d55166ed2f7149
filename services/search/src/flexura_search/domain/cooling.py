"""When an engine that failed is asked again."""

from dataclasses import dataclass

from flexura_search.domain.findings import ANSWERED, EngineStatus

FAILURES_BORNE = 1  # One may be chance; with the next the engine has a rest.
REST_S = 10.0
REST_S_MAX = 300.0
DOUBLINGS_MAX = 10
LIMITED_S = 30.0
REFUSED_S = 600.0  # A key or a quota is mended by people.
SAID_S_MAX = 3600.0
AT_ONCE = {
    EngineStatus.LIMITED: LIMITED_S,
    EngineStatus.BLOCKED: LIMITED_S,
    EngineStatus.QUOTA_USED: REFUSED_S,
    EngineStatus.REFUSED: REFUSED_S,
}


@dataclass(slots=True)
class Cooling:
    """An engine's rest after failures. When it is over, one question goes out; the others wait for what comes of it."""

    until: float = 0.0
    since: float = float("-inf")
    """When the last rest began: what was asked before says nothing new."""
    failures: int = 0
    is_probing: bool = False
    status: EngineStatus | None = None
    reason: str = ""

    def admits(self, now: float) -> bool:
        """Tells whether it may be asked; whoever is admitted must tell what came of it."""
        if not self.failures or self.until == 0.0:
            return True
        if now < self.until or self.is_probing:
            return False
        self.is_probing = True
        return True

    def learn(
        self, status: EngineStatus, reason: str, now: float, asked_at: float, retry_after_s: float | None = None
    ) -> None:
        if asked_at < self.since:
            return
        self.is_probing = False
        self.status, self.reason = status, reason
        if status in ANSWERED:
            self.failures, self.until = 0, 0.0
            return
        self.failures += 1
        if status in AT_ONCE or retry_after_s is not None:
            self._rest(now, said_s(status, retry_after_s))
        elif self.failures > FAILURES_BORNE:
            doublings = min(self.failures - FAILURES_BORNE - 1, DOUBLINGS_MAX)
            self._rest(now, min(REST_S * 2**doublings, REST_S_MAX))

    def release(self, asked_at: float) -> None:
        """Nothing came of asking: the caller left, or had no time to give."""
        if asked_at >= self.until:
            self.is_probing = False

    def remaining_s(self, now: float) -> float:
        return max(0.0, self.until - now)

    def _rest(self, now: float, rest_s: float) -> None:
        self.since, self.until = now, now + rest_s


def said_s(status: EngineStatus, retry_after_s: float | None) -> float:
    """As long as the engine says, within bounds; what people have to mend is not sooner there for being asked."""
    usual = AT_ONCE.get(status, REST_S)
    said = usual if retry_after_s is None else retry_after_s
    least = usual if usual == REFUSED_S else 1.0
    return min(max(said, least), SAID_S_MAX)
