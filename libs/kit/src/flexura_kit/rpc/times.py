"""Times between Python and protobuf."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_timestamp(time: datetime | None) -> Timestamp | None:
    """Absent stays absent: a field set to None is not sent."""
    if time is None:
        return None
    # Integers throughout: a float of seconds since 1970 loses microseconds.
    seconds, microseconds = divmod((time - EPOCH) // MICROSECOND, 1_000_000)
    return Timestamp(seconds=seconds, nanos=microseconds * 1000)


def from_timestamp(time: Timestamp) -> datetime:
    return EPOCH + timedelta(seconds=time.seconds, microseconds=time.nanos // 1000)


def to_duration(time: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(time)
    return duration
