"""The keys of requests in memory, and what becomes of a request that has one."""

from collections.abc import Callable
from dataclasses import dataclass, field

from flexura_jobs.domain.request_keys import RequestKey
from flexura_kit.ids import AccountId, JobId


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """The job that a key stands for, and until when."""

    job_id: JobId
    fields_json: str
    expires_at: float


@dataclass
class KnownRequests:
    """The table of keys."""

    clock: Callable[[], float]
    known: dict[tuple[AccountId, str, str], KnownRequest] = field(default_factory=dict)

    def keep(self, account_id: AccountId, key: RequestKey, job_id: JobId) -> KnownRequest:
        """Answers the job of the key: this one, unless it had one before."""
        known = self.find(account_id, key)
        if known is None:
            known = KnownRequest(job_id, key.fields_json, self.clock() + key.kept.total_seconds())
            self.known[account_id, key.scope, key.value] = known
        return known

    def find(self, account_id: AccountId, key: RequestKey) -> KnownRequest | None:
        known = self.known.get((account_id, key.scope, key.value))
        return known if known is not None and known.expires_at > self.clock() else None

    def give_up(self, account_id: AccountId, key: RequestKey) -> None:
        self.known.pop((account_id, key.scope, key.value), None)

    def forget(self) -> int:
        over = [name for name, known in self.known.items() if known.expires_at <= self.clock()]
        for name in over:
            del self.known[name]
        return len(over)
