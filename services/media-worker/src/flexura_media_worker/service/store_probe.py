"""Whether the object store takes and keeps what this worker uploads, looked at with a small object."""

import secrets
from contextlib import suppress

from flexura_kit.errors import FlexuraError
from flexura_media_worker.domain import Lease, WorkerFaultError, WorkerPart
from flexura_media_worker.ports import Assets, Spool

PROBE_BYTES = 64


class StoreProbe:
    def __init__(self, assets: Assets, spool: Spool, worker_id: str) -> None:
        self._assets = assets
        self._spool = spool
        self._key = f"probes/{worker_id}"

    async def probe(self, _faults: int) -> None:
        """Raises WorkerFaultError where the store takes or keeps nothing."""
        try:
            with self._spool.reserve(Lease("probe", secrets.token_hex(4))) as path:
                # Other bytes each time: a store that drops them must not pass with those of an earlier look.
                path.write_bytes(secrets.token_bytes(PROBE_BYTES))
                await self._assets.upload_file(self._key, path, "application/octet-stream")
        except OSError as error:
            raise WorkerFaultError(WorkerPart.STORE, f"nothing can be spooled to look with: {error}") from error
        except FlexuraError as error:
            raise WorkerFaultError(WorkerPart.STORE, error.message) from error
        with suppress(FlexuraError):
            # Not every worker may remove: then the next look overwrites it.
            await self._assets.remove(self._key)
