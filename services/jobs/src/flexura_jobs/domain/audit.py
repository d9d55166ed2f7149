"""An asset as the record has it, to be compared with what the object store has."""

from dataclasses import dataclass

from flexura_kit.ids import AccountId, JobId


@dataclass(frozen=True, slots=True)
class AuditedAsset:
    """An asset of a completed job, and whether it is known to be lost."""

    job_id: JobId
    account_id: AccountId
    object_key: str
    size_bytes: int
    is_lost: bool
