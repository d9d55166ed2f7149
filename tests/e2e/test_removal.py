"""A job that is deleted is gone: for its owner, for whoever has the link, and from the store."""

import json

import aiohttp
from servers.client import Client
from servers.installation import Installation
from servers.waiting import eventually

from flexura_kit.blob import Blobs, blobs
from flexura_kit.settings import BlobSettings
from flexura_local.s3 import BUCKET

GONE_WITHIN_S = 60


def store_of(flexura: Installation) -> BlobSettings:
    ports = json.loads((flexura.home.folder / "ports.json").read_text())
    certificate = flexura.home.folder / "s3" / "tls.pem"
    return BlobSettings(
        endpoint=f"127.0.0.1:{ports['s3']}",
        bucket=BUCKET,
        access_key_file=flexura.home.secret_file("s3-access-key"),
        secure=True,
        ca_file=certificate,
        certificate_file=certificate,
        secret_key_file=flexura.home.secret_file("s3-secret-key"),
    )


async def test_a_deleted_job_is_gone_for_all_and_from_the_store(flexura: Installation, api: Client) -> None:
    job_id, kept_id = [await api.submit("image", prompt, width=64, height=64) for prompt in ("to go", "to stay")]
    job, kept = [await api.finished(one) for one in (job_id, kept_id)]
    assert job["expires_at"] > job["finished_at"]
    await api.asset(job)
    headers = {"Authorization": f"Bearer {flexura.key}"}
    async with blobs(store_of(flexura)) as store, aiohttp.ClientSession() as session:
        assert len(await store.keys(f"jobs/{job_id}/", 10)) == 1
        async with session.get(f"{flexura.url}/api/jobs?limit=100", headers=headers) as answer:
            listed = [one["job_id"] for one in (await answer.json())["jobs"]]
        assert listed.index(kept_id) < listed.index(job_id)
        for _ in range(2):
            async with session.delete(f"{flexura.url}/api/jobs/{job_id}", headers=headers) as answer:
                assert answer.status == 204
        for url in (f"{flexura.url}/api/jobs/{job_id}", job["asset_url"]):
            async with session.get(url, headers=headers) as answer:
                assert (answer.status, (await answer.json())["code"]) == (410, "job_deleted")
        async with session.get(f"{flexura.url}/api/jobs?limit=100", headers=headers) as answer:
            assert job_id not in [one["job_id"] for one in (await answer.json())["jobs"]]
        await is_empty(store, f"jobs/{job_id}/")
    await api.asset(kept)


async def is_empty(store: Blobs, prefix: str) -> None:
    """Waits until the store has nothing of the job any more."""
    left: list[str] = []

    async def look() -> bool:
        left[:] = await store.keys(prefix, 10)
        return not left

    await eventually(look, GONE_WITHIN_S)
