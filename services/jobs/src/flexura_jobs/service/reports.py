"""The check of what workers say: a wrong report is refused before it touches a job."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from flexura_jobs.domain.jobs import (
    Asset,
    Checkpoint,
    CheckpointReport,
    CompletionReport,
    FailureReport,
    Interpretation,
)
from flexura_jobs.service.requests import invalid_request
from flexura_kit.errors import FieldViolation
from flexura_kit.ids import JobId, LeaseToken, WorkerId

EXTENSION = re.compile(r"[a-z0-9]{1,8}")
CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}")
SHA256 = re.compile(r"[0-9a-f]{64}")
LEASE_TOKEN = re.compile(r"[0-9a-f]{32}")
UPSTREAM_REF_CHARACTERS_MAX = 1000
OBJECT_KEY_CHARACTERS_MAX = 1000
WORKER_ID_CHARACTERS_MAX = 100
FAILURE_CHARACTERS_MAX = 1000
INTERPRETED_MAX = 32
INTERPRETED_CHARACTERS_MAX = 200
PROVIDERS_MAX = 64
SLOTS_MAX = 4096


def refuse_wrong_announcement(worker_id: WorkerId, providers: Sequence[str], slots: int) -> None:
    refuse(announcement_violations(worker_id, providers, slots))


def refuse_wrong_tokens(job_ids: Sequence[JobId], lease_tokens: Sequence[LeaseToken]) -> None:
    refuse(token_violations(job_ids, lease_tokens))


def refuse_wrong_checkpoint(report: CheckpointReport) -> None:
    refuse(checkpoint_violations(report))


def refuse_wrong_completion(report: CompletionReport) -> None:
    refuse(completion_violations(report))


def fit_to_show(report: FailureReport) -> FailureReport:
    """Cuts the worker's words to what is kept; a failure is taken however it is told, else its job would hang."""
    message = report.failure.message.replace("\0", "").strip()[:FAILURE_CHARACTERS_MAX]
    failure = replace(report.failure, message=message or "The attempt failed, and its worker did not say why.")
    return replace(report, failure=failure)


def refuse(violations: Iterator[FieldViolation]) -> None:
    found = list(violations)
    if found:
        raise invalid_request(found)


def announcement_violations(worker_id: WorkerId, providers: Sequence[str], slots: int) -> Iterator[FieldViolation]:
    if not 0 < len(worker_id) <= WORKER_ID_CHARACTERS_MAX:
        yield FieldViolation("worker_id", f"worker_id takes 1 to {WORKER_ID_CHARACTERS_MAX} characters")
    if len(providers) > PROVIDERS_MAX:
        yield FieldViolation("providers", f"providers takes at most {PROVIDERS_MAX} names")
    if not 0 < slots <= SLOTS_MAX:
        yield FieldViolation("slots", f"slots takes 1 to {SLOTS_MAX}")


def token_violations(job_ids: Sequence[JobId], lease_tokens: Sequence[LeaseToken]) -> Iterator[FieldViolation]:
    if lease_tokens and len(lease_tokens) != len(job_ids):
        takes = f"lease_tokens takes one for each of the {len(job_ids)} jobs, or none, not {len(lease_tokens)}"
        yield FieldViolation("lease_tokens", takes)
    if not all(map(LEASE_TOKEN.fullmatch, lease_tokens)):
        yield FieldViolation("lease_tokens", "a lease token takes 32 digits of 0-9 and a-f")


def checkpoint_violations(report: CheckpointReport) -> Iterator[FieldViolation]:
    if report.checkpoint is Checkpoint.NOTHING:
        yield FieldViolation("checkpoint", "checkpoint takes CREATING or CREATED")
    if (report.checkpoint is Checkpoint.CREATED) != bool(report.upstream_ref):
        yield FieldViolation("upstream_ref", "upstream_ref goes with CREATED and only with it")
    if len(report.upstream_ref) > UPSTREAM_REF_CHARACTERS_MAX or "\0" in report.upstream_ref:
        takes = f"upstream_ref takes up to {UPSTREAM_REF_CHARACTERS_MAX} characters without U+0000"
        yield FieldViolation("upstream_ref", takes)


def completion_violations(report: CompletionReport) -> Iterator[FieldViolation]:
    if not 0 < len(report.stored_asset.object_key) <= OBJECT_KEY_CHARACTERS_MAX:
        yield FieldViolation("object_key", f"object_key takes 1 to {OBJECT_KEY_CHARACTERS_MAX} characters")
    yield from asset_violations(report.stored_asset.asset)
    if report.interpretation is not None:
        yield from interpretation_violations(report.interpretation)


def interpretation_violations(interpretation: Interpretation) -> Iterator[FieldViolation]:
    for name, entries in (("understood", interpretation.understood), ("unknown", interpretation.unknown)):
        if len(entries) > INTERPRETED_MAX or not all(map(is_interpreted, entries)):
            takes = f"{name} takes up to {INTERPRETED_MAX} entries of 1 to {INTERPRETED_CHARACTERS_MAX} characters"
            yield FieldViolation(f"interpretation.{name}", f"{takes} without U+0000")


def is_interpreted(entry: str) -> bool:
    return 0 < len(entry) <= INTERPRETED_CHARACTERS_MAX and "\0" not in entry


def asset_violations(asset: Asset) -> Iterator[FieldViolation]:
    if not EXTENSION.fullmatch(asset.extension):
        yield FieldViolation("asset.extension", "extension takes 1 to 8 of a-z and 0-9, without a dot")
    if not CONTENT_TYPE.fullmatch(asset.content_type):
        yield FieldViolation("asset.content_type", "content_type takes a media type such as image/png")
    if asset.size_bytes <= 0:
        yield FieldViolation("asset.size_bytes", "size_bytes must be more than 0: an empty result is a failure")
    if not SHA256.fullmatch(asset.sha256):
        yield FieldViolation("asset.sha256", "sha256 takes 64 lower-case hexadecimal digits")
    if asset.width < 0 or asset.height < 0:
        yield FieldViolation("asset.width", "width and height take 0 or more")
    if not 0 <= asset.duration_s < float("inf"):
        yield FieldViolation("asset.duration_s", "duration_s takes 0 or more")
