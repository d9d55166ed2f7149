"""What the use cases and the dispatcher need from outside."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from flexura_jobs.domain.acceptance import Acceptance, KeyReused, Replayed
from flexura_jobs.domain.audit import AuditedAsset
from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.events import EventSlice
from flexura_jobs.domain.jobs import (
    CheckpointReport,
    Claim,
    ClaimedJob,
    CompletionReport,
    Failure,
    FailureReport,
    Job,
    JobState,
    Lease,
    LeaseVerdict,
    NewJob,
    Renewal,
    StoredAsset,
)
from flexura_jobs.domain.listing import JobFilter, Position
from flexura_jobs.domain.outlook import Outlook, QueueLook
from flexura_jobs.domain.queue import Consumer, Hint, QueueState, WorkerPresence
from flexura_jobs.domain.request_keys import RequestKey
from flexura_jobs.domain.retention import Leftovers
from flexura_jobs.domain.webhooks import (
    Answer,
    Delivery,
    DeliveryPlace,
    Message,
    NewWebhook,
    Outcome,
    Webhook,
    WebhookRefusal,
)
from flexura_kit.errors import FieldViolation
from flexura_kit.ids import AccountId, DeliveryId, JobId, LeaseToken, WebhookId, WorkerId


class OptionsCheck(Protocol):
    def violations(self, model: Model, options: Mapping[str, Any]) -> list[FieldViolation]: ...


class JobStore(Protocol):
    """Jobs as their owners see them."""

    async def create(self, jobs: Sequence[NewJob]) -> Sequence[Acceptance]:
        """Answers for each the job of that id and account, new or not, or what else became of it."""

    async def recall(self, asked: Sequence[tuple[AccountId, RequestKey]]) -> Sequence[Replayed | KeyReused | None]:
        """Answers what became of those binding keys that are kept, and changes nothing."""

    async def get(self, job_ids: Sequence[JobId]) -> dict[JobId, Job]: ...

    async def cancel(self, account_id: AccountId, job_id: JobId) -> Job | None:
        """Fails the job unless it has finished; None where the account has no such job."""

    async def stored_assets(self, job_ids: Sequence[JobId]) -> dict[JobId, StoredAsset]: ...


class ListingStore(Protocol):
    """Jobs in the order of their creation."""

    async def jobs_after(
        self, account_id: AccountId, wanted: JobFilter, after: Position | None, count_max: int
    ) -> list[Job]:
        """Answers jobs that are not removed, the newest first, from the position on."""


class EventStore(Protocol):
    """What happened to jobs."""

    async def events_after(self, account_id: AccountId, after: int, job_id: JobId | None, count_max: int) -> EventSlice:
        """Answers the account's events that follow, or those of one job, as of one moment."""


class RemovalStore(Protocol):
    """Jobs as they go: by their owner's wish, or because their time is over."""

    async def delete(self, account_id: AccountId, job_id: JobId) -> bool:
        """Leaves a tombstone, after a cancellation where the job has not finished; answers whether there is one."""

    async def expire(self) -> list[tuple[AccountId, JobId]]:
        """Leaves tombstones of the next jobs whose time is over, and answers which those were."""

    async def drop_tombstones(self) -> int: ...

    async def purge_events(self) -> int: ...


class LeftoverStore(Protocol):
    """Jobs that have ended and whose objects have not been looked through since."""

    async def leftovers(self, count_max: int) -> list[Leftovers]: ...

    async def reread(self, job_ids: Sequence[JobId]) -> list[Leftovers]: ...

    async def note_removed(self, done: Sequence[Leftovers]) -> None:
        """Notes that nothing is left, unless the job was removed since it was read."""


class ObjectStore(Protocol):
    """Where the assets lie."""

    async def keys(self, prefix: str, count_max: int) -> list[str]: ...

    async def remove(self, key: str) -> None: ...


class ObjectStat(Protocol):
    """What the object store says of an object."""

    @property
    def size_bytes(self) -> int: ...


class AuditedObjects(Protocol):
    """Where the assets lie, to be looked at."""

    async def stat(self, key: str) -> ObjectStat | None:
        """Answers None where there is no such object."""

    async def has_bucket(self) -> bool: ...

    async def gives(self, key: str, size_bytes: int) -> bool:
        """Answers whether its first and last byte can be read; raises FlexuraError where that cannot be told."""

    async def keep_canary(self) -> None:
        """Raises FlexuraError where the store does not keep a new object."""


class AuditStore(Protocol):
    """Completed jobs that have not been removed, to be compared with the object store."""

    async def sample(self, count: int) -> list[AuditedAsset]: ...

    async def named(self, job_ids: Sequence[JobId]) -> list[AuditedAsset]: ...

    async def count_lost(self) -> int: ...

    async def note(self, assets: Sequence[AuditedAsset], *, is_lost: bool) -> list[tuple[AccountId, JobId]]:
        """Notes that these are lost, or were found again; answers those whose job is as it was read."""


class AssetSearch(Protocol):
    """Looks for assets that somebody did not find, and notes which are lost."""

    async def look_for(self, job_ids: Sequence[JobId]) -> None: ...


class RemovalNews(Protocol):
    """Tells edges to forget what they remember of jobs."""

    def removed(self, jobs: Sequence[tuple[AccountId, JobId]]) -> None: ...


class Lead(Protocol):
    """Whether this replica is the one to do what only one may do."""

    @property
    def leads(self) -> bool: ...


class WorkStore(Protocol):
    """Jobs as workers see them: everything but a claim needs the current lease."""

    async def claim(self, claims: Sequence[Claim]) -> Sequence[ClaimedJob | None]:
        """Leases each job that is queued, and again each that has this very lease already; None for all others."""

    async def renew(self, renewals: Sequence[Renewal]) -> Sequence[LeaseVerdict]: ...

    async def checkpoint(self, report: CheckpointReport) -> bool: ...

    async def complete(self, report: CompletionReport) -> bool: ...

    async def fail(self, report: FailureReport) -> JobState | None: ...

    async def release(self, lease: Lease, *, is_worker_fault: bool = False) -> bool: ...

    async def announce(self, worker_id: WorkerId, providers: Sequence[str], slots: int) -> None: ...


class StateChange(Protocol):
    """A job's change of state, once it is committed."""

    @property
    def account_id(self) -> AccountId: ...

    @property
    def job_id(self) -> JobId: ...

    @property
    def state(self) -> JobState: ...

    @property
    def attempt(self) -> int: ...

    @property
    def failure(self) -> Failure | None: ...


class Fleet(Protocol):
    """The workers that are live."""

    async def workers(self) -> list[WorkerPresence]: ...


class Consumers(Protocol):
    """The consumers that workers pull from."""

    def provisioned(self) -> Mapping[str, Consumer]:
        """Those that exist, by model."""


class Bell(Protocol):
    """Wakes the dispatcher."""

    def ring(self) -> None: ...


class QueueStore(Fleet, Protocol):
    """Jobs as the dispatcher sees them: waiting, hinted, or overdue."""

    async def lead(self, role: str, holder: str, lease: timedelta) -> bool: ...

    async def resign(self, role: str, holder: str) -> None: ...

    async def states(self, models: Sequence[str]) -> dict[str, QueueState]: ...

    async def waiting(self, model: str, last_served: AccountId | None, room: int) -> dict[AccountId, list[JobId]]: ...

    async def dispatch(self, job_ids: Sequence[JobId]) -> list[Hint]: ...

    async def take_back(self, hints: Sequence[Hint]) -> None: ...

    async def backlog(self) -> dict[str, int]: ...

    async def hinted_before(self, model: str, age: timedelta) -> int: ...

    async def take_back_oldest(self, model: str, age: timedelta, count: int) -> int: ...

    async def move_lost_leases(self) -> int: ...

    async def end_overdue(self) -> int: ...

    async def forget_workers(self) -> int: ...

    async def forget_request_keys(self) -> int: ...


class OutlookStore(Protocol):
    """The queues as an estimate needs them."""

    async def look(self, last_end: datetime | None) -> QueueLook:
        """Answers with the jobs that ended after that time, or with the latest."""


class Prospects(Protocol):
    """What is likely of unfinished jobs."""

    def current(self) -> Outlook: ...


class Hints(Protocol):
    """The stream that carries hints to the workers."""

    @property
    def is_open(self) -> bool:
        """Whether hints can be sent at present, as far as is known."""

    async def publish(self, hint: Hint) -> bool: ...

    async def undelivered(self, model: str) -> int | None:
        """How many hints wait in the stream; None while it cannot be told."""


class SecretKeeper(Protocol):
    """Seals secrets for the database, each for the one that it belongs to."""

    def seal(self, secret: bytes, owner: str) -> str: ...

    def open(self, sealed: str, owner: str) -> bytes: ...

    def can_open(self, sealed: str, owner: str) -> bool: ...


class SigningAccounts(Protocol):
    """Which accounts have a secret that signs for the addresses of single jobs."""

    async def serves_jobs(self, account_id: AccountId) -> bool: ...


class WebhookStore(SigningAccounts, Protocol):
    """Webhooks as their owners see them; another account's are none."""

    async def create(self, webhook: NewWebhook) -> Webhook | WebhookRefusal: ...

    async def get(self, account_id: AccountId, webhook_id: WebhookId) -> Webhook | None: ...

    async def page(self, account_id: AccountId, after: WebhookId | None, limit: int) -> list[Webhook]: ...

    async def delete(self, account_id: AccountId, webhook_id: WebhookId) -> bool: ...

    async def rotate(
        self,
        account_id: AccountId,
        webhook_id: WebhookId,
        sealed: str,
        overlap: timedelta,
        is_readable: Callable[[str], bool],
    ) -> Webhook | WebhookRefusal | None:
        """Has the new secret sign; drops those before it that cannot be read, and has what waited for one sent."""

    async def test(self, account_id: AccountId, webhook_id: WebhookId, delivery_id: DeliveryId) -> Delivery | None: ...

    async def deliveries(
        self, account_id: AccountId, webhook_id: WebhookId, after: DeliveryPlace | None, limit: int
    ) -> list[Delivery]: ...

    async def redeliver(
        self, account_id: AccountId, webhook_id: WebhookId, delivery_id: DeliveryId
    ) -> Delivery | None: ...


class Outbox(Protocol):
    """What is to be sent, as its sender sees it."""

    async def due(self, after: WebhookId, webhooks_max: int, each_max: int) -> dict[WebhookId, list[DeliveryId]]: ...

    async def claim(self, tries: Sequence[tuple[DeliveryId, LeaseToken]]) -> list[Message]: ...

    async def record(self, message: Message, outcome: Outcome) -> bool: ...

    async def sweep(self) -> bool: ...


class Post(Protocol):
    """Sends one message to one address, once."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer: ...
