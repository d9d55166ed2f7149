"""A replica of jobs and a media worker, made of the production code as their own wiring makes them."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from flexura_jobs.dispatch import DispatchBell, Dispatcher, HintStream, Leader, Reconciler
from flexura_jobs.dispatch.dispatcher import CREATED
from flexura_jobs.domain.catalog import Catalog, Model
from flexura_jobs.ports import StateChange
from flexura_jobs.removal import ObjectSweep
from flexura_jobs.rpc import WorkerServicer
from flexura_jobs.service import JobRemovals, Jobs, LeaseTimes, RequestCheck, Work
from flexura_jobs.wakeups import Wakeups
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId, WorkerId
from flexura_media_worker.clients import RPCJobsService
from flexura_media_worker.consumer.cancellations import hear_cancellations
from flexura_media_worker.consumer.hints import Heartbeats
from flexura_media_worker.consumer.intake import Intake
from flexura_media_worker.domain import GenerationRequest, Media
from flexura_media_worker.ports import Progress
from flexura_media_worker.service.announcing import Announcer
from flexura_media_worker.service.attempts import Attempts
from flexura_media_worker.service.capacity import Capacity
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import Leases
from flexura_media_worker.service.production import Production
from simulator.broker import Broker
from simulator.bus import CoreSubjects, SimulatedBus
from simulator.clock import Process, VirtualLoop
from simulator.database import Database
from simulator.faults import Fault, Faults
from simulator.network import Network, WorkerChannel
from simulator.removal import ReachedObjects, SimulatedLeftoverStore, SimulatedRemovalStore
from simulator.stores import SimulatedJobStore, SimulatedQueueStore, SimulatedWorkStore, Terms
from simulator.workshop import Generators, ObjectStore, SimulatedSpool, SpooledAssets

T = TypeVar("T")

PROVIDER = "simulated"
UPLOADS_MAX = 4
COMMIT_S = 0.003
SLOW_S_MAX = 4.0
RENEW_INTERVAL = timedelta(seconds=4)
ANNOUNCE_INTERVAL = timedelta(seconds=5)
SETTLING = timedelta(seconds=3)  # Minutes in production, where workers are slower to notice that they lost a job.


class Surroundings:
    """What every process finds there when it starts."""

    def __init__(self, loop: VirtualLoop, faults: Faults, database: Database, broker: Broker, network: Network) -> None:
        self.loop = loop
        self.faults = faults
        self.database = database
        self.broker = broker
        self.network = network
        self.core = CoreSubjects()
        self.is_database_down = False
        self.crash: Callable[[Process], None] = lambda _: None

    def bus(self, process: Process) -> SimulatedBus:
        return SimulatedBus(process, self.broker, self.core, self.faults, self.loop)


class DatabaseConnection:
    """One process's way to the database; the process may die on it, before the commit or after."""

    def __init__(self, process: Process, around: Surroundings, tell: Callable[[Sequence[StateChange]], None]) -> None:
        self._process = process
        self._around = around
        self._tell = tell

    async def __call__(self, operation: Callable[[], T], *, is_read: bool = False) -> T:
        faults = self._around.faults
        slow_s = SLOW_S_MAX * faults.dice.random() if faults.strikes(Fault.DATABASE_SLOW) else 0.0
        is_slow_to_answer = faults.dice.random() < 0.5
        await self._step(COMMIT_S if is_slow_to_answer else COMMIT_S + slow_s)
        if self._around.is_database_down:
            raise database_down()
        committed = self._around.database.committing = []
        result = operation()
        if not is_read or (slow_s and is_slow_to_answer):
            # Of a read, nobody can tell whether the process died before it or after it.
            await self._step(slow_s if is_slow_to_answer else 0.0)
        self._tell(committed)
        if faults.strikes(Fault.COMMIT_ANSWER_LOST):
            raise database_down()
        return result

    async def _step(self, seconds: float) -> None:
        if self._around.faults.strikes(Fault.JOBS_CRASH):
            self._around.crash(self._process)
        await asyncio.sleep(seconds)


class AnyOptions:
    """Lets all options pass: they are no matter of the simulation."""

    def violations(self, _model: Model, _options: object) -> list[FieldViolation]:
        return []


class JobsReplica:
    """The jobs service without its doors to the outside."""

    def __init__(
        self, process: Process, around: Surroundings, catalog: Catalog, terms: Terms, store: ObjectStore
    ) -> None:
        self.process = process
        self.bus: Any = around.bus(process)
        self.wakeups = Wakeups(self.bus)
        connection = DatabaseConnection(process, around, self.wakeups.committed)
        models = catalog.own_models()
        queue_store = SimulatedQueueStore(around.database, connection, terms)
        self.stream = HintStream(self.bus, models, 1)
        bell = DispatchBell()
        self.leader = Leader(queue_store)
        self.dispatcher = Dispatcher(queue_store, self.stream, models, self.leader, bell, self.bus)
        self.bus.subscribe(CREATED, self.dispatcher.hear)
        self.reconciler = Reconciler(queue_store, self.stream, models, self.leader, bell)
        check = RequestCheck(catalog, AnyOptions(), lambda: 1, lambda _url: None)
        job_store = SimulatedJobStore(around.database, connection)
        self.jobs = Jobs(job_store, catalog, check, queue_store, bell, NobodySigns(), NobodyLooks())
        self.removals = JobRemovals(SimulatedRemovalStore(around.database, connection), self.wakeups)
        leftovers = SimulatedLeftoverStore(around.database, connection, SETTLING)
        self.object_sweep = ObjectSweep(leftovers, ReachedObjects(store), self.leader)
        work = Work(SimulatedWorkStore(around.database, connection, terms), catalog, self.stream, bell)
        self.servicer = WorkerServicer(work, LeaseTimes(terms.lease, RENEW_INTERVAL, ANNOUNCE_INTERVAL))

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self.bus.connect(),
            self.wakeups.run(),
            self.leader.run(),
            self.stream.run(),
            self.dispatcher.run(),
            self.reconciler.run(),
            self.object_sweep.run(),
        ]


class NobodySigns:
    """Accounts without webhooks: no job of the simulator names an address."""

    async def serves_jobs(self, _account_id: AccountId) -> bool:
        return False


class NobodyLooks:
    """The store that is played loses nothing by itself."""

    async def look_for(self, job_ids: Sequence[JobId]) -> None:
        """Has nothing to look for."""


class MediaWorker:
    """A media worker whose generators are played, everything else is its own."""

    def __init__(
        self, process: Process, around: Surroundings, generators: Generators, store: ObjectStore, slots: int
    ) -> None:
        self.process = process
        self.bus: Any = around.bus(process)
        spool = SimulatedSpool()
        channel: Any = CrashingChannel(process, around)
        jobs = RPCJobsService(channel, WorkerId(process.name), slots)
        health = self._health = Health([PROVIDER])
        self._leases = Leases(jobs)
        hear_cancellations(self.bus, self._leases.cancel)
        provider = OneWorkersGenerators(generators, spool, jobs)
        production = Production({PROVIDER: provider}, spool, SpooledAssets(store, spool), UPLOADS_MAX, health)
        attempts = Attempts(jobs, self._leases, spool, production, health)
        self._heartbeats = Heartbeats()
        self.intake = Intake(self.bus, Capacity(slots), self._leases, attempts, self._heartbeats)
        self._announcer = Announcer(jobs, self._leases, health, self.intake.bind)

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self.bus.connect(),
            self._heartbeats.beat_for_ever(),
            self._leases.renew_for_ever(),
            self._announcer.announce_for_ever(),
            self._health.mend_for_ever(),
        ]


class CrashingChannel(WorkerChannel):
    """A worker's way to the jobs service; the worker may die on it, before its call or after the answer."""

    def __init__(self, process: Process, around: Surroundings) -> None:
        super().__init__(around.network)
        self._process = process
        self._around = around

    def unary_unary(self, path: str, **options: object) -> Callable[..., Coroutine[Any, Any, Any]]:
        call = super().unary_unary(path, **options)

        async def call_or_crash(request: Any, timeout: float) -> Any:  # noqa: ASYNC109 - as gRPC takes it.
            await self._step()
            answer = await call(request, timeout)
            await self._step()
            return answer

        return call_or_crash

    async def _step(self) -> None:
        if self._around.faults.strikes(Fault.WORKER_CRASH):
            self._around.crash(self._process)
            await asyncio.sleep(0)


class OneWorkersGenerators:
    """The generators with the spool and the jobs service of one worker."""

    def __init__(self, generators: Generators, spool: SimulatedSpool, jobs: RPCJobsService) -> None:
        self._generators = generators
        self._spool = spool
        self._jobs = jobs

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        return await self._generators.generate(request, progress, self._spool, self._jobs)


def database_down() -> FlexuraError:
    return FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the database cannot be reached", service="jobs")
