"""The one step that provisions streams and consumers, and tells where the server does not run what was declared."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import APIError, Error, NotFoundError, ServiceUnavailableError

from flexura_kit import log

logger = log.get_logger()

Config = StreamConfig | ConsumerConfig


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not as declared."""

    field: str
    wanted: object
    found: object

    def __str__(self) -> str:
        return f"{self.field} is {self.found} where {self.wanted} is wanted"


class DriftError(Exception):
    """The server runs other settings than the declared ones, and cannot be brought to change them."""

    def __init__(self, what: str, differences: list[Difference]) -> None:
        self.what = what
        self.differences = differences
        super().__init__(f"{what} is not as declared: {'; '.join(map(str, differences))}")


class NotMadeError(Error):
    """There is none, and the server refuses to make it."""

    def __init__(self, what: str, why: APIError) -> None:
        self.what = what
        super().__init__(f"NATS has no {what}, and it cannot be made: {why}")


async def provision_stream(jetstream: JetStreamContext, config: StreamConfig) -> None:
    """Makes the stream as declared, or changes it to that, and compares what the server made of it."""
    name = config.name
    if name is None:
        raise ValueError("a stream needs a name")
    await provision(
        f"stream {name}",
        config,
        found=lambda: jetstream.stream_info(name),
        make=lambda: jetstream.add_stream(config),
        change=lambda: jetstream.update_stream(config),
    )


async def provision_consumer(jetstream: JetStreamContext, stream: str, config: ConsumerConfig) -> None:
    """Makes the durable consumer as declared, or changes it to that, and compares what the server made of it."""
    name = config.durable_name
    if name is None:
        raise ValueError("a consumer needs a durable name")
    await provision(
        f"consumer {stream}/{name}",
        config,
        found=lambda: jetstream.consumer_info(stream, name),
        make=lambda: jetstream.add_consumer(stream, config),
        change=lambda: jetstream.add_consumer(stream, config),
    )


async def provision(
    what: str,
    declared: Config,
    *,
    found: Callable[[], Awaitable[Any]],
    make: Callable[[], Awaitable[Any]],
    change: Callable[[], Awaitable[Any]],
) -> None:
    """Changes only what differs, so that looking costs the servers nothing; raises DriftError where that fails."""
    try:
        info = await found()
    except NotFoundError:
        try:
            info = await make()
        except APIError as error:
            raise NotMadeError(what, error) from error
        logger.info("provisioned", what=what)
    else:
        drift = differences(declared, info.config)
        if not drift:
            return
        info = await changed(what, drift, change)
        tell(what, drift, is_mended=not differences(declared, info.config))
    left = differences(declared, info.config)
    if left:
        # A newer setting than the server's version knows is ignored without a word.
        raise DriftError(what, left)


async def changed(what: str, drift: list[Difference], change: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await change()
    except (NotFoundError, ServiceUnavailableError):
        raise  # No word on the settings: it went away meanwhile, or the server has no leader.
    except APIError as error:
        tell(what, drift, is_mended=False)
        raise DriftError(what, drift) from error


def tell(what: str, drift: list[Difference], *, is_mended: bool) -> None:
    """Names each setting that ours or another hand had changed."""
    write = logger.warning if is_mended else logger.error
    for one in drift:
        write("setting_drifted", what=what, field=one.field, wanted=one.wanted, found=one.found, mended=is_mended)


def differences(declared: Config, echoed: object) -> list[Difference]:
    """Answers where the server runs another configuration; a field that has the client's default was not declared."""
    return [
        Difference(field.name, plain(wanted), plain(got))
        for field in fields(declared)
        if (wanted := getattr(declared, field.name)) != field.default
        and (got := getattr(echoed, field.name, None)) != wanted
    ]


def plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value
