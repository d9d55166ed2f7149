"""What workers may say: wrong reports are refused, clumsy ones are taken."""

from dataclasses import replace

import pytest

from flexura_jobs.domain.jobs import (
    Asset,
    Checkpoint,
    CheckpointReport,
    CompletionReport,
    Failure,
    FailureReport,
    Interpretation,
    Lease,
    StoredAsset,
)
from flexura_jobs.service.reports import (
    fit_to_show,
    refuse_wrong_announcement,
    refuse_wrong_checkpoint,
    refuse_wrong_completion,
)
from flexura_kit.errors import FlexuraError, Reason
from flexura_kit.ids import JobId, LeaseToken, WorkerId

LEASE = Lease(JobId("j"), LeaseToken("t"))
ASSET = Asset("png", "image/png", 10, "a" * 64, 1, 1, 0.0)


@pytest.mark.parametrize(
    ("asset", "field"),
    [
        (replace(ASSET, extension=".png"), "asset.extension"),
        (replace(ASSET, extension="../x"), "asset.extension"),
        (replace(ASSET, content_type="text/html\r\nX: y"), "asset.content_type"),
        (replace(ASSET, size_bytes=0), "asset.size_bytes"),
        (replace(ASSET, sha256="A" * 64), "asset.sha256"),
        (replace(ASSET, width=-1), "asset.width"),
        (replace(ASSET, duration_s=float("nan")), "asset.duration_s"),
    ],
)
def test_a_result_that_cannot_be_true_is_refused(asset: Asset, field: str) -> None:
    with pytest.raises(FlexuraError) as error:
        refuse_wrong_completion(CompletionReport(LEASE, StoredAsset("key", asset)))
    assert [violation.field for violation in error.value.violations] == [field]


def test_a_good_result_is_taken() -> None:
    refuse_wrong_completion(CompletionReport(LEASE, StoredAsset("key", ASSET)))


@pytest.mark.parametrize(
    ("checkpoint", "upstream_ref", "field"),
    [
        (Checkpoint.NOTHING, "", "checkpoint"),
        (Checkpoint.CREATED, "", "upstream_ref"),
        (Checkpoint.CREATING, "early", "upstream_ref"),
        (Checkpoint.CREATED, "x" * 1001, "upstream_ref"),
        (Checkpoint.CREATED, "a\0", "upstream_ref"),
    ],
)
def test_a_checkpoint_that_makes_no_sense_is_refused(checkpoint: Checkpoint, upstream_ref: str, field: str) -> None:
    with pytest.raises(FlexuraError) as error:
        refuse_wrong_checkpoint(CheckpointReport(LEASE, checkpoint, upstream_ref))
    assert [violation.field for violation in error.value.violations] == [field]


def test_an_announcement_without_slots_is_refused() -> None:
    with pytest.raises(FlexuraError) as error:
        refuse_wrong_announcement(WorkerId(""), ["p"] * 65, 0)
    assert {violation.field for violation in error.value.violations} == {"worker_id", "providers", "slots"}


def test_a_failure_is_taken_however_it_is_told() -> None:
    def told(message: str) -> str:
        return fit_to_show(FailureReport(LEASE, Failure(Reason.PROVIDER_FAILED, message, True))).failure.message

    assert told("It broke.") == "It broke."
    assert told("a\0b") == "ab"
    assert len(told("x" * 5000)) == 1000
    assert told("  ") == "The attempt failed, and its worker did not say why."


@pytest.mark.parametrize("entries", [("",), ("a\0",), ("x" * 201,), ("x",) * 33])
def test_what_was_understood_of_a_prompt_has_bounds(entries: tuple[str, ...]) -> None:
    report = CompletionReport(LEASE, StoredAsset("key", ASSET))
    refuse_wrong_completion(replace(report, interpretation=Interpretation(("subject: city",), ())))
    for interpretation in (Interpretation(entries, ()), Interpretation((), entries)):
        with pytest.raises(FlexuraError):
            refuse_wrong_completion(replace(report, interpretation=interpretation))
