"""Cases that compare two branches of the installation, in turn and in one run."""

from contextlib import AsyncExitStack
from pathlib import Path

from bench.branches import Branch, branch
from bench.cases import Row, body, shown
from bench.history import finished_jobs
from bench.installation import Installation
from bench.internal import Internal
from bench.load import Load, load, share_of

ROUNDS = 9
SECONDS = 1  # Of one load: the shorter the turns, the more alike is the machine's mood in both.
FEW_JOBS = 40_000  # Of the table that the other one is compared with.
MANY_JOBS = 1_000_000
READ_JOBS = 20_000  # Twice as many as the edge remembers.
IN_PROGRESS = 5_000
BODIES = 2_000

Requests = dict[str, tuple[str, list[str]]]


async def events(running: Installation, inside: Internal, folder: Path) -> list[Row]:
    """What it costs to record each change of a job's state for those who follow it."""
    submits: Requests = {"submit": ("POST", new_jobs())}
    async with AsyncExitStack() as stack:
        silent = await stack.enter_async_context(branch(running, inside, folder, "silent", "bench.peers.eventless"))
        telling = await stack.enter_async_context(branch(running, inside, folder, "telling"))
        without, with_events = await in_turn(running, (silent, submits), (telling, submits))
    share = share_of(with_events["submit"], without["submit"])
    return [
        Row("Durable submit without events", shown(without["submit"])),
        Row("Durable submit with events", shown(with_events["submit"])),
        Row("Durable submit with events / without", f"{share:.2f}", "0.85", share >= 0.85),
    ]


async def a_million_jobs(running: Installation, inside: Internal, folder: Path) -> list[Row]:
    """What is slower in a table that has a million finished jobs, half of them the caller's."""
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(branch(running, inside, folder, "few"))
        many = await stack.enter_async_context(branch(running, inside, folder, "many"))
        of_few = await requests(few, FEW_JOBS)
        of_many = await requests(many, MANY_JOBS)
        before, after = await in_turn(running, (few, of_few), (many, of_many))
    rows = []
    for kind, runs in after.items():
        share = share_of(runs, before[kind])
        rows.append(Row(f"A million finished jobs: {kind}", f"{shown(runs)}, {share:.2f} of few", "0.9", share >= 0.9))
    return rows


async def requests(of: Branch, jobs: int) -> Requests:
    finished = await finished_jobs(of.database, of.inside.account_id, jobs, READ_JOBS)
    in_progress = await of.inside.make_jobs(IN_PROGRESS)
    return {
        "read of a job in progress": ("GET", [f"/api/jobs/{job_id}" for job_id in in_progress]),
        "read of a finished job": ("GET", [f"/api/jobs/{job_id}" for job_id in finished]),
        "first page of the list": ("GET", ["/api/jobs"]),
        "list of failed jobs, of which there are none": ("GET", ["/api/jobs?status=failed"]),
        "durable submit": ("POST", new_jobs()),
    }


def new_jobs() -> list[str]:
    return [f"/api/generate/image\t{body(number, take_s=600)}" for number in range(BODIES)]


async def in_turn(running: Installation, *both: tuple[Branch, Requests]) -> list[dict[str, list[Load]]]:
    """Answers the runs of each branch by kind; kind after kind, so that what one leaves behind is the same for all."""
    runs: list[dict[str, list[Load]]] = [{kind: [] for kind in of_branch} for _, of_branch in both]
    for kind in both[0][1]:
        for turn in range(ROUNDS):
            # To and fro: the first of a pair has no advantage over the second.
            for place in range(len(both)) if turn % 2 else reversed(range(len(both))):
                at, of_branch = both[place]
                method, sent = of_branch[kind]
                runs[place][kind].append(await load(at.url, sent, key=running.key, method=method, seconds=SECONDS))
    return runs
