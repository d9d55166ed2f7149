"""What is written down of each attempt: one log line, and the metrics."""

from prometheus_client import Counter, Gauge, Histogram

from flexura_kit import log
from flexura_media_worker.service.reports import AttemptReport

ATTEMPTS = Counter("flexura_worker_attempts", "Attempts at jobs by how they ended.", ["provider", "outcome"])
STAGE_SECONDS = Histogram(
    "flexura_worker_stage_seconds",
    "Seconds that each stage of an attempt took.",
    ["stage"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)
SLOTS_BUSY = Gauge("flexura_worker_slots_busy", "Slots with a job.")

MS = 1000

logger = log.get_logger()


def attempt_ended(report: AttemptReport) -> None:
    ATTEMPTS.labels(report.provider, report.outcome).inc()
    for stage, seconds in report.stages.items():
        STAGE_SECONDS.labels(stage).observe(seconds)
    logger.info(
        "attempt_ended",
        outcome=report.outcome,
        attempt=report.attempt,
        reason=report.reason,
        size_bytes=report.size_bytes,
        **{f"{stage}_ms": round(seconds * MS, 1) for stage, seconds in report.stages.items()},
    )
