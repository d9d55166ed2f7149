"""Lists of jobs: which are asked for, and the place in a list where the next page begins."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from flexura_jobs.domain.jobs import Job, JobState, MediaType
from flexura_kit import base64url
from flexura_kit.ids import AccountId, JobId

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOKEN = struct.Struct(">q16s8s")  # Microseconds of the job's creation, its id, and the seal.


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What a listed job is like; what is not given fits every job."""

    states: frozenset[JobState] = frozenset()
    media_type: MediaType | None = None
    client_ref: str = ""
    created_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobQuery:
    """A page of an account's jobs as it was asked for, unchecked; 0 asks for as many as are usual."""

    account_id: AccountId
    filter: JobFilter = JobFilter()
    page_size: int = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, newest first, and where the next page begins; no token means that there is none."""

    jobs: list[Job]
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """The last job that was listed. Jobs never move in the list, so what is added cannot shift it."""

    created_at: datetime
    job_id: JobId


def page_token(position: Position, query: JobQuery) -> str:
    microseconds = (position.created_at - EPOCH) // timedelta(microseconds=1)
    job_id = UUID(position.job_id).bytes
    packed = TOKEN.pack(microseconds, job_id, seal(microseconds, job_id, query))
    return base64url.encode(packed)


def position_of(token: str, query: JobQuery) -> Position | None:
    """Answers None for anything but a token that was made for this account and these filters."""
    try:
        packed = base64url.decode(token)
        microseconds, job_id, sealed = TOKEN.unpack(packed)
        if sealed != seal(microseconds, job_id, query):
            return None
        return Position(EPOCH + timedelta(microseconds=microseconds), JobId(str(UUID(bytes=job_id))))
    except (ValueError, struct.error, OverflowError):
        return None


def seal(microseconds: int, job_id: bytes, query: JobQuery) -> bytes:
    """Ties a token to its list. It is no secret: who forges one still sees the own account's jobs only."""
    wanted = query.filter
    parts = (
        query.account_id,
        ",".join(sorted(wanted.states)),
        wanted.media_type or "",
        wanted.created_after.isoformat() if wanted.created_after else "",
        wanted.client_ref,
        str(microseconds),
        job_id.hex(),
    )
    return sha256("\0".join(parts).encode(errors="replace")).digest()[:8]
