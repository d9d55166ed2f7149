"""structlog for us, and standard-library loggers through the same formatter."""

import atexit
import logging
import logging.config
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, BinaryIO, cast

import orjson
import structlog
from structlog.typing import Processor

from flexura_kit.output import LineOutput, output_of, text_over
from flexura_kit.settings import LogSettings

# Bound by the interceptors and by workers; every line written meanwhile carries it.
bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars
bound = structlog.contextvars.bound_contextvars

SECRET_NAMES = frozenset({"authorization", "secret", "password", "digest", "token", "lease_token", "cookie"})


class CanonicalLine:
    """The one line of each request, written as JSON past the processors.

    It is written thousands of times a second, and this takes a third of the time. It carries what it is given and
    nothing of the context; in columns, and before `configure`, it is a line like any other.
    """

    def __init__(self) -> None:
        self._service = ""
        self._write: Callable[[bytes], object] | None = None

    def configure(self, service: str, write: Callable[[bytes], object] | None) -> None:
        self._service = service
        self._write = write

    def info(self, event: str, **fields: Any) -> None:
        if self._write is None:
            get_logger().info(event, **fields)
            return
        fields |= {"event": event, "level": "info", "time": time_text(), "service": self._service}
        self._write(orjson.dumps(fields, default=str, option=orjson.OPT_APPEND_NEWLINE))


class Output:
    """Where the lines of this process go, once it is configured."""

    lines: LineOutput | None = None

    @property
    def dropped(self) -> int:
        """How many lines were dropped since the start, because nobody took them."""
        return self.lines.dropped if self.lines else 0

    def flush(self) -> None:
        """Writes what was kept while nobody took it, as far as it is taken by now; never waits."""
        if self.lines:
            self.lines.flush()


canonical = CanonicalLine()
output = Output()


def get_logger() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def configure(settings: LogSettings, service: str) -> None:
    """Sets up logging for this process; call it once, before the first line."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    columns = settings.format == "columns" or (settings.format == "auto" and is_terminal)
    lines = output.lines = output_of(sys.stderr, lambda count: dropped_line(service, count))
    atexit.register(lines.flush_at_exit)
    # Warnings, tracebacks and `print` take the same way: whatever a process writes must not end it.
    sys.stderr = text_over(lines, is_terminal=is_terminal)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        named(service),
        hide_secrets,
    ]
    final: Processor = structlog.dev.ConsoleRenderer() if columns else structlog.processors.JSONRenderer(to_json)
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, as_bytes(final)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", lines)),
        cache_logger_on_first_use=True,
    )
    canonical.configure(service, None if columns or level > logging.INFO else lines.write)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            final,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.root.handlers = [handler]
    # Libraries speak when something is wrong; what they do all day is ours to say.
    logging.root.setLevel(max(level, logging.WARNING))


def dropped_line(service: str, count: int) -> bytes:
    fields = {"event": "log_lines_dropped", "level": "warning", "lines": count, "time": time_text(), "service": service}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def time_text() -> str:
    now = time.time()
    return f"{second_text(int(now))}.{int(now % 1 * 1_000_000):06d}Z"


@lru_cache(maxsize=4)
def second_text(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def named(service: str) -> Processor:
    def add_service(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add_service


def hide_secrets(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in SECRET_NAMES & event.keys():
        event[name] = "[hidden]"
    return event


def to_json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def as_bytes(final: Processor) -> Processor:
    def render(logger: Any, method: str, event: structlog.typing.EventDict) -> bytes:
        return str(final(logger, method, event)).encode()

    return render
