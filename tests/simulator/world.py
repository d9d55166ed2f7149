"""One seed from its beginning to its verdict: processes start, things go wrong, everything heals or it does not."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

from simulator.broker import Broker
from simulator.clients import Clients
from simulator.clock import VirtualLoop
from simulator.database import Database
from simulator.faults import Fault, Faults
from simulator.invariants import violations
from simulator.nemesis import Nemesis
from simulator.network import Network
from simulator.processes import Surroundings
from simulator.rows import Event
from simulator.scenario import Scenario, draw_scenario
from simulator.supervision import Supervisor
from simulator.watch import Watch
from simulator.workshop import Generators, ObjectStore, Task, Upstream

EPOCH = 1_800_000_000.0
HEAL_S = 60.0  # What is promised: everything is right again within a minute, the work itself not counted.
LOOK_S = 0.5
AFTERMATH_S = 3.0  # In some seeds: whoever was late must change nothing.


@dataclass(frozen=True)
class Verdict:
    """What a seed came to."""

    seed: int
    violations: list[str]
    faults: Counter[Fault] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    virtual_s: float = 0.0


class World:
    """Everything that is there in one seed."""

    def __init__(self, scenario: Scenario) -> None:
        dice = random.Random(f"world {scenario.seed}")
        self.scenario = scenario
        self.loop = VirtualLoop(random.Random(f"steps {scenario.seed}"))
        self.faults = Faults(scenario.faults, random.Random(f"faults {scenario.seed}"), self.loop.note)
        self.database = Database(lambda: EPOCH + self.loop.time(), self._note_event)
        self.broker = Broker(self.loop, self.faults, dice)
        self.network = Network(self.loop, self.faults, dice)
        self.store = ObjectStore(self.faults)
        self.tasks = {str(job.job_id): Task(job.nature, job.take_s, job.is_billed) for job in scenario.jobs}
        self.generators = Generators(self.tasks, Upstream(), self.database, self.faults)
        around = Surroundings(self.loop, self.faults, self.database, self.broker, self.network)
        self.supervisor = Supervisor(around, self.generators, self.store, scenario, dice)
        self.watch = Watch(self.supervisor, self.database)
        self.broker.on_acknowledged = self.watch.acknowledged
        self.clients = Clients(self.loop, self.network)
        self.nemesis = Nemesis(around, self.supervisor, dice)

    def run(self) -> Verdict:
        self.loop.run_until_complete(self._live())
        ends = Counter(
            row.failure.reason.value if row.failure else row.state.value for row in self.database.jobs.values()
        )
        return Verdict(
            self.scenario.seed, violations(self), self.faults.counts, ends, self.loop.steps, self.loop.time()
        )

    async def _live(self) -> None:
        watching = asyncio.ensure_future(self.watch.look_for_ever())
        self.supervisor.start_all()
        self.clients.start(self.scenario.jobs)
        await self.nemesis.strike_until_over()
        give_up_at = self.loop.time() + HEAL_S + self.scenario.work_s_max
        while not self._is_done() and self.loop.time() < give_up_at:
            await asyncio.sleep(LOOK_S)
        if self.scenario.seed % 4 == 0:
            await asyncio.sleep(AFTERMATH_S)
        watching.cancel()

    def _note_event(self, event: Event) -> None:
        self.loop.note(f"{event.job_id[-2:]} is {event.state}: {event.cause}, attempt {event.attempt}")

    def _is_done(self) -> bool:
        rows = self.database.jobs.values()
        is_clean = all(self.database.jobs[job_id].is_looked_through for job_id in self.clients.deleted)
        return not self.clients.busy and is_clean and not any(row.is_unfinished for row in rows)


def run_seed(seed: int) -> Verdict:
    return World(draw_scenario(seed)).run()


def replay(seed: int) -> tuple[Scenario, Verdict, list[str]]:
    """Runs a seed again, exactly as it ran before, and writes down what happens."""
    world = World(draw_scenario(seed))
    world.loop.journal = journal = []
    return world.scenario, world.run(), journal
