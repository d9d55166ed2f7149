"""New jobs, and what is answered where a request was made before or there is no room."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, true
from sqlalchemy.dialects import postgresql, sqlite

from flexura_jobs.domain.acceptance import Acceptance, KeyReused, QueueFull, Replayed
from flexura_jobs.domain.jobs import Job, JobState, NewJob
from flexura_jobs.domain.request_keys import differing_fields
from flexura_jobs.models import JOBS
from flexura_jobs.store.acceptance.queue_room import QueueRoom
from flexura_jobs.store.acceptance.request_keys import Identity, Keyed, Owner, Recognition, keyed
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.rows import JOB_COLUMNS, job_of, jobs_by_id, own
from flexura_jobs.store.statements import (
    DOUBLE,
    NOW,
    QUEUED,
    TEXT,
    DialectName,
    items,
    items_table,
    job_ids_parameter,
    time_in,
)
from flexura_kit.ids import JobId

COLUMNS = (
    "job_id", "account_id", "media_type", "requested_model", "model", "prompt", "options", "traceparent", "client_ref",
    "metadata", "probable_duplicate_of", "webhook_url",
)  # fmt: skip


class Creation:
    """Inserts jobs with the keys of their requests; what was accepted before changes nothing and is answered."""

    def __init__(self, dialect: DialectName, room: QueueRoom) -> None:
        self._room = room
        self._recognition = Recognition(dialect)
        new = items_table(dialect, **dict.fromkeys(COLUMNS, TEXT), deadline_s=DOUBLE)
        values = [*(new.c[name] for name in COLUMNS), QUEUED, NOW, NOW, time_in(new.c.deadline_s)]
        columns = [*COLUMNS, "state", "created_at", "updated_at", "deadline_at"]
        self._insert = (
            (postgresql if dialect == "postgresql" else sqlite)
            .insert(JOBS)
            .from_select(columns, select(*values).where(true()))
            .on_conflict_do_nothing(index_elements=[JOBS.c.job_id])
            .returning(*JOB_COLUMNS)
        )
        self._get = jobs_by_id(dialect)

    def run(self, connection: Connection, jobs: Sequence[NewJob], events: list[NewEvent]) -> list[Acceptance]:
        refused = self._refused(connection, jobs)
        admitted = [job for position, job in enumerate(jobs) if position not in refused]
        owners = self._recognition.keep(connection, keyed(admitted))
        found = self._insert_new(connection, admitted, owners, events)
        strays = [job for job in admitted if own(found.get(job.job_id), job.account_id) is None]
        # The id is another account's, so that the key would stand for a job that its owner may not see.
        self._recognition.give_up(connection, keyed(job for job in strays if is_first(job, owners)))
        return [refused.get(position) or outcome_of(job, owners, found) for position, job in enumerate(jobs)]

    def recall(self, connection: Connection, asked: Sequence[Keyed]) -> list[Replayed | KeyReused | None]:
        """Answers what those requests came to that were accepted before; changes nothing."""
        owners = self._recognition.find(connection, asked)
        found = self._existing(connection, {owner.job_id for owner in owners.values()})
        return [
            None if (owner := owners.get(request.identity)) is None else known_outcome(request, owner, found)
            for request in asked
        ]

    def _insert_new(
        self,
        connection: Connection,
        admitted: Sequence[NewJob],
        owners: dict[Identity, Owner],
        events: list[NewEvent],
    ) -> dict[JobId, Job]:
        """Answers the jobs of all that were admitted, new or not."""
        rows = [new_row(job, duplicate_of(job, owners)) for job in admitted if not is_repeated(job, owners)]
        inserted = connection.execute(self._insert, items(rows)) if rows else ()
        found = {row[0]: job_of(row) for row in inserted}
        events += [NewEvent(job.account_id, job.job_id, JobState.QUEUED, 0) for job in found.values()]
        self._room.take(Counter(job.account_id for job in found.values()))
        return found | self._existing(connection, {answered_id(job, owners) for job in admitted} - found.keys())

    def _existing(self, connection: Connection, job_ids: set[JobId]) -> dict[JobId, Job]:
        if not job_ids:
            return {}
        rows = connection.execute(self._get, job_ids_parameter(job_ids))
        return {row[0]: job_of(row) for row in rows}

    def _refused(self, connection: Connection, jobs: Sequence[NewJob]) -> dict[int, QueueFull]:
        """Answers by position which of them find no room; what was accepted before needs none."""
        rooms = self._room.short(connection, Counter(job.account_id for job in jobs))
        if not rooms:
            return {}
        crowded = [job for job in jobs if job.account_id in rooms]
        known = self._known(connection, crowded)
        refused: dict[int, QueueFull] = {}
        for position, job in enumerate(jobs):
            if job.account_id not in rooms or not known.isdisjoint(names_of(job)):
                continue
            full = next((room.full for room in rooms[job.account_id] if not room.places), None)
            if full is not None:
                refused[position] = full
                continue
            for room in rooms[job.account_id]:
                room.places -= 1
            known.update(names_of(job))
        return refused

    def _known(self, connection: Connection, jobs: Sequence[NewJob]) -> set[JobId | Identity]:
        existing = self._existing(connection, {job.job_id for job in jobs})
        return {*existing, *self._recognition.find(connection, keyed(filter(is_binding, jobs)))}


def is_binding(job: NewJob) -> bool:
    return job.request_key is not None and job.request_key.is_binding


def names_of(job: NewJob) -> set[JobId | Identity]:
    """By what the job would be known again as one that was accepted."""
    return {job.job_id, *(request.identity for request in keyed([job]) if is_binding(job))}


def owner_of(job: NewJob, owners: dict[Identity, Owner]) -> Owner | None:
    key = job.request_key
    return None if key is None else owners.get((job.account_id, key.scope, key.value))


def is_first(job: NewJob, owners: dict[Identity, Owner]) -> bool:
    owner = owner_of(job, owners)
    return owner is not None and owner.job_id == job.job_id


def is_repeated(job: NewJob, owners: dict[Identity, Owner]) -> bool:
    return is_binding(job) and not is_first(job, owners)


def answered_id(job: NewJob, owners: dict[Identity, Owner]) -> JobId:
    owner = owner_of(job, owners)
    return owner.job_id if owner is not None and is_binding(job) else job.job_id


def duplicate_of(job: NewJob, owners: dict[Identity, Owner]) -> JobId | None:
    owner = owner_of(job, owners)
    return owner.job_id if owner is not None and owner.job_id != job.job_id else None


def outcome_of(job: NewJob, owners: dict[Identity, Owner], found: dict[JobId, Job]) -> Acceptance:
    # A second try for the same job is no replay: its caller has had no answer yet.
    if is_repeated(job, owners):
        (request,) = keyed([job])
        return known_outcome(request, owners[request.identity], found)
    return own(found.get(job.job_id), job.account_id)


def known_outcome(request: Keyed, owner: Owner, found: dict[JobId, Job]) -> Replayed | KeyReused | None:
    differing = differing_fields(owner.fields_json, request.key.fields_json)
    if differing:
        return KeyReused(differing)
    job = own(found.get(owner.job_id), request.account_id)
    return None if job is None else Replayed(job)


def new_row(job: NewJob, probable_duplicate_of: JobId | None) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "account_id": job.account_id,
        "media_type": job.media_type.value,
        "requested_model": job.requested_model,
        "model": job.model,
        "prompt": job.prompt,
        "options": job.options_json,
        "traceparent": job.traceparent,
        "client_ref": job.client_ref,
        "metadata": job.metadata_json,
        "probable_duplicate_of": probable_duplicate_of,
        "webhook_url": job.webhook_url or None,
        "deadline_s": job.deadline.total_seconds(),
    }
