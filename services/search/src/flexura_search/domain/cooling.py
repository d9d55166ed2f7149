"""When an engine that failed is asked again."""

from dataclasses import dataclass

from flexura_search.domain.findings import ANSWERED, EngineStatus

FAILURES_BORNE = 1  # One may be chance; with the next the engine has a rest.
REST_S = 10.0
REST_S_MAX = 300.0
LIMITED_S = 30.0
REFUSED_S = 600.0  # A key or a quota is mended by people.
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

    def learn(self, status: EngineStatus, reason: str, now: float, retry_after_s: float | None = None) -> None:
        self.is_probing = False
        self.status, self.reason = status, reason
        if status in ANSWERED:
            self.failures, self.until = 0, 0.0
            return
        self.failures += 1
        if status in AT_ONCE:
            self.until = now + min(max(retry_after_s or AT_ONCE[status], 1.0), REFUSED_S)
        elif self.failures > FAILURES_BORNE:
            self.until = now + min(REST_S * 2 ** (self.failures - FAILURES_BORNE - 1), REST_S_MAX)

    def release(self) -> None:
        """Nothing came of asking: the caller left."""
        self.is_probing = False

    def remaining_s(self, now: float) -> float:
        return max(0.0, self.until - now)
