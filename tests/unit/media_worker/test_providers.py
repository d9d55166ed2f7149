"""The table of providers, and the shape of those that are called over the network."""

from pathlib import Path

import pytest
from unit.media_worker.fakes import LEASE, MEDIA, ScriptedJobs

from flexura_kit.startup import SettingsError
from flexura_media_worker.domain import Checkpoint, GenerationRequest, Media, MediaType
from flexura_media_worker.generator.local import LOCAL_PROVIDERS
from flexura_media_worker.ports import Checkpoints, Progress, Provider
from flexura_media_worker.providers import LOCAL, provider_names


class BilledProvider:
    """The least that a provider behind a network does."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self.polled: list[str] = []

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        call_id = request.upstream_ref
        if request.checkpoint is not Checkpoint.CREATED:
            await self._checkpoints.checkpoint(request.lease, Checkpoint.CREATING)
            call_id = "call-1"
            await self._checkpoints.checkpoint(request.lease, Checkpoint.CREATED, call_id)
        self.polled.append(call_id)
        progress(1.0)
        return MEDIA


def request(checkpoint: Checkpoint = Checkpoint.NONE, upstream_ref: str = "") -> GenerationRequest:
    return GenerationRequest(
        LEASE, "billed", MediaType.IMAGE, "model", "a prompt", {}, Path("/spool/job"), checkpoint, upstream_ref
    )


def test_what_runs_in_slots_is_named_the_same_on_both_sides() -> None:
    assert set(LOCAL) == set(LOCAL_PROVIDERS)


async def test_a_billed_call_is_recorded_before_and_after_it_is_made() -> None:
    jobs = ScriptedJobs()
    provider: Provider = BilledProvider(jobs)
    await provider.generate(request(), lambda _: None)

    assert jobs.calls == ["checkpoint creating", "checkpoint created call-1"]


async def test_a_call_that_an_earlier_attempt_made_is_resumed_and_not_repeated() -> None:
    jobs = ScriptedJobs()
    provider = BilledProvider(jobs)
    await provider.generate(request(Checkpoint.CREATED, "call-0"), lambda _: None)

    assert jobs.calls == []
    assert provider.polled == ["call-0"]


def test_a_provider_that_is_not_known_stops_the_worker_with_its_name() -> None:
    assert provider_names(" flexura-testcard ,") == ("flexura-testcard",)
    with pytest.raises(SettingsError, match=r"flexura-testcart \(did you mean flexura-testcard\?"):
        provider_names("flexura-testcart")
