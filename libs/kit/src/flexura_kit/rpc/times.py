"""Times between Python and protobuf."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fill_timestamp(message: Timestamp, time: datetime) -> None:
    since = time - EPOCH
    # Integers throughout: a float of seconds since 1970 loses microseconds.
    message.seconds = since.days * 86_400 + since.seconds
    message.nanos = since.microseconds * 1000


def to_timestamp(time: datetime | None) -> Timestamp | None:
    """Absent stays absent: a field set to None is not sent."""
    if time is None:
        return None
    message = Timestamp()
    fill_timestamp(message, time)
    return message


def from_timestamp(time: Timestamp) -> datetime:
    return EPOCH + timedelta(seconds=time.seconds, microseconds=time.nanos // 1000)


def to_duration(time: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(time)
    return duration
