"""Finished jobs by the million, written straight into a database of SQLite."""

import asyncio
import json
import random
import sqlite3
from pathlib import Path

DAYS = 29  # Over which they have ended: younger than what is removed.
EVENT_DAYS = 1  # For which events are kept.
EVENTS = ("queued", "processing", "completed")
BATCH_JOBS = 10_000  # Of one transaction, so that the service, which runs meanwhile, gets its turn.
LOCK_TIMEOUT_S = 30

# Every second job is the caller's; the others are those of a thousand accounts.
JOBS = """
WITH RECURSIVE numbers (number) AS (SELECT :first UNION ALL SELECT number + 1 FROM numbers WHERE number < :last),
made AS (
    SELECT
        number,
        strftime('%Y-%m-%d %H:%M:%f000', 'now', (86400.0 * :days * (number - :count) / :count) || ' seconds') AS at,
        CASE WHEN number % 2 THEN :account_id ELSE 'account-' || (number / 2 % 1000) END AS account_id
    FROM numbers
)
INSERT INTO jobs (
    job_id, account_id, media_type, requested_model, model, prompt, options, state, progress, attempt, dispatch_seq,
    lease_token, worker_id, asset_key, asset_extension, asset_content_type, asset_size_bytes, asset_sha256,
    asset_width, asset_height, created_at, updated_at, started_at, finished_at, deadline_at
)
SELECT
    printf('%08x-%04x-7000-8000-%012x', number / 65536, number % 65536, number), account_id, 'image',
    'flexura-testcard-image', 'flexura-testcard-image', 'a futuristic city at night, neon lights, cinematic',
    '{"width":1024,"height":1024,"seed":' || number || '}', 'completed', 1.0, 1, 1, lower(hex(randomblob(16))),
    'bench', 'bench/' || number || '.png', 'png', 'image/png', 1024, lower(hex(randomblob(32))), 1024, 1024,
    at, at, at, at, at
FROM made
"""
NEW_EVENTS = """
FROM jobs, json_each(:states) AS states
WHERE jobs.state = 'completed' AND jobs.created_at > strftime('%Y-%m-%d %H:%M:%f000', 'now', :since)
"""
COUNTERS = f"""
INSERT INTO accounts (account_id, event_sequence)
SELECT account_id, count(*) {NEW_EVENTS} GROUP BY account_id
"""
NUMBERED = f"""
INSERT INTO events (account_id, sequence, job_id, state, attempt, created_at)
SELECT account_id, row_number() OVER (PARTITION BY account_id ORDER BY created_at, job_id, states.key), job_id,
    states.value, states.key > 0, created_at {NEW_EVENTS}
"""


async def finished_jobs(database: Path, account_id: str, count: int, sample: int) -> list[str]:
    """Fills a database that has no jobs yet; answers some of the account's jobs, of all ages in no order."""
    await asyncio.to_thread(fill, database, account_id, count)
    own = range(1, count + 1, 2)
    return [job_id(number) for number in random.Random(0).sample(own, sample)]  # noqa: S311 - the same ones each time.


def fill(database: Path, account_id: str, count: int) -> None:
    connection = sqlite3.connect(database, timeout=LOCK_TIMEOUT_S)
    try:
        for first in range(1, count + 1, BATCH_JOBS):
            last = min(first + BATCH_JOBS - 1, count)
            numbers = {"first": first, "last": last, "count": count, "days": DAYS, "account_id": account_id}
            with connection:
                connection.execute(JOBS, numbers)
        recent = {"states": json.dumps(EVENTS), "since": f"-{EVENT_DAYS} days"}
        with connection:
            connection.execute(COUNTERS, recent)
            connection.execute(NUMBERED, recent)
        # What is measured next should not begin with what this leaves to be done.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def job_id(number: int) -> str:
    """As the statement writes it."""
    return f"{number >> 16:08x}-{number & 0xFFFF:04x}-7000-8000-{number:012x}"
