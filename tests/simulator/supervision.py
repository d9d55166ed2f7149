"""Starts the processes of a seed, and starts them again when they have died or stopped."""

import asyncio
import random
from datetime import timedelta

from flexura_jobs.domain.attempts import AttemptPolicy
from flexura_jobs.domain.catalog import Catalog, Deployment
from simulator.clock import WORLD, Process
from simulator.processes import PROVIDER, JobsReplica, MediaWorker, Surroundings
from simulator.scenario import Scenario, models
from simulator.stores import Terms
from simulator.workshop import Generators, ObjectStore

LEASE = timedelta(seconds=15)
WORKER_GONE_AFTER = timedelta(seconds=30)
ATTEMPTS_MAX = 3
RESTART_S_MIN, RESTART_S_MAX = 0.3, 3.0

MODELS = models()
CATALOG = Catalog(MODELS, Deployment(frozenset({PROVIDER}), allows_substitution=False))
POLICY = AttemptPolicy(ATTEMPTS_MAX, frozenset(model.model for model in MODELS if model.is_billed))
TERMS = Terms(POLICY, LEASE, CATALOG.names, WORKER_GONE_AFTER)


class Supervisor:
    def __init__(
        self, around: Surroundings, generators: Generators, store: ObjectStore, scenario: Scenario, dice: random.Random
    ) -> None:
        self._around = around
        self._generators = generators
        self._store = store
        self._scenario = scenario
        self._dice = dice
        self._started = 0
        self.replicas: list[JobsReplica] = []
        self.workers: list[MediaWorker] = []
        around.crash = self.crash

    @property
    def all_is_calm(self) -> bool:
        """Nothing goes wrong any more, and some replica can do its work."""
        is_awake = any(not replica.process.is_paused for replica in self.replicas)
        return self._around.faults.are_over and not self._around.is_database_down and is_awake

    def start_all(self) -> None:
        for _ in range(self._scenario.replicas):
            self._start_replica()
        for _ in range(self._scenario.workers):
            self._start_worker()

    def crash(self, process: Process) -> None:
        """Kills a process, and has another one take its place after a while."""
        if process.is_dead:
            return
        self._around.loop.kill(process)
        later = self._around.loop.time() + self._dice.uniform(RESTART_S_MIN, RESTART_S_MAX)
        for replica in [replica for replica in self.replicas if replica.process is process]:
            self.replicas.remove(replica)
            self._around.network.servers.remove(replica)
            replica.bus.is_connected = False
            self._around.loop.call_at(later, self._start_replica, context=WORLD.context)
        for worker in [worker for worker in self.workers if worker.process is process]:
            self.workers.remove(worker)
            self._around.loop.call_at(later, self._start_worker, context=WORLD.context)

    async def stop(self, worker: MediaWorker) -> None:
        """Stops a worker as its service manager does; it has its time to hand back what it holds."""
        await asyncio.wait([self._around.loop.spawn(worker.process, worker.intake.stop())], timeout=20.0)
        self.crash(worker.process)

    def _start_replica(self) -> None:
        process = self._process("jobs")
        replica = process.context.run(JobsReplica, process, self._around, CATALOG, TERMS, self._store)
        self.replicas.append(replica)
        self._around.network.servers.append(replica)
        for loop in replica.loops():
            self._around.loop.spawn(process, loop)

    def _start_worker(self) -> None:
        process = self._process("worker")
        worker = process.context.run(
            MediaWorker, process, self._around, self._generators, self._store, self._scenario.slots
        )
        self.workers.append(worker)
        for loop in worker.loops():
            self._around.loop.spawn(process, loop)

    def _process(self, kind: str) -> Process:
        self._started += 1
        return Process(f"{kind}-{self._started}")
