"""MinIO's client, which signs by the store's clock where ours is wrong, as the SDKs of S3 do."""

import time
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import structlog
from minio import Minio
from minio.error import S3Error
from minio.time import to_amz_date

from flexura_kit.clock import said_at, utc_now

TOLERATED_S = 300.0  # Stores refuse from 15 minutes on: what is nearer was refused for another reason.

logger = structlog.get_logger()


class CorrectedMinio(Minio):
    """Signs by the wall clock until the store refuses that, and from then on by the time that the store said."""

    told: tuple[datetime, float] | None = None
    """What time the store said it was, and the monotonic clock then: no later step of our clock matters."""

    def signing_time(self) -> datetime:
        if self.told is None:
            return utc_now()
        said, since = self.told
        return said + timedelta(seconds=time.monotonic() - since)

    def corrects_after(self, refusal: S3Error) -> bool:
        """Whether we signed with a wrong time: then it is the store's from now on, and asking again may help."""
        date = refusal.response.headers.get("Date")
        # The answer to HEAD has no body, and so no code that names the reason.
        if refusal.response.status != HTTPStatus.FORBIDDEN or date is None:
            return False
        signed = self.signing_time()
        said = said_at(date, lambda: signed)
        off_s = (signed - said).total_seconds()
        if abs(off_s) < TOLERATED_S:
            return False
        self.told = said, time.monotonic()
        logger.warning("signing_time_corrected", off_s=round(off_s), store=str(self._base_url.host))
        return True

    def _build_headers(self, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], datetime]:
        headers, _ = super()._build_headers(*args, **kwargs)
        date = self.signing_time()
        headers["x-amz-date"] = to_amz_date(date)
        return headers, date
