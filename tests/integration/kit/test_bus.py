"""The connection to a real nats-server: loss, return, ghosts, and settings that must be in force."""

import asyncio
from collections.abc import Callable

import pytest
from nats.errors import OutboundBufferLimitError
from nats.js.api import ConsumerConfig, RetentionPolicy, StreamConfig
from servers.nats import NATSServer

from flexura_kit.bus import Bus, bus
from flexura_kit.provision import DriftError, provision_consumer, provision_stream


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_service_starts_without_a_broker_and_connects_when_it_comes(own_nats: NATSServer) -> None:
    await own_nats.process.kill()
    heard: list[bytes] = []
    async with bus(own_nats.settings, "test") as connection:
        connection.subscribe("hints", heard.append)
        assert not connection.is_connected
        assert not await connection.publish("hints", b"lost")
        await own_nats.process.start()
        await until(lambda: connection.is_connected)
        await until(lambda: bool(connection.nats._subs))  # noqa: SLF001 - the client offers no other view of it.
        assert await connection.publish("hints", b"kept")
        await until(lambda: heard == [b"kept"])


async def test_subscriptions_and_callbacks_survive_a_restart_of_the_broker(own_nats: NATSServer) -> None:
    heard: list[bytes] = []
    connects: list[int] = []
    async with bus(own_nats.settings, "test") as connection:
        connection.subscribe("hints", heard.append)
        connection.on_connected.append(lambda: connects.append(1))
        await until(lambda: connects == [1])
        await own_nats.process.kill()
        await until(lambda: not connection.is_connected)
        await own_nats.process.start()
        await until(lambda: len(connects) == 2)
        await connection.publish("hints", b"again")
        await until(lambda: heard == [b"again"])


async def test_a_server_that_does_not_answer_is_named_and_its_connection_kept(own_nats: NATSServer) -> None:
    connects: list[int] = []
    async with bus(own_nats.settings, "test") as connection:
        connection.on_connected.append(lambda: connects.append(1))
        await until(lambda: connects == [1])
        own_nats.process.pause()
        try:
            await until(lambda: connection.trouble() is not None)
            assert "does not answer" in str(connection.trouble())
        finally:
            own_nats.process.resume()
        await until(lambda: connection.trouble() is None)
        assert await connection.publish("hints", b"kept")
        assert connects == [1]


async def test_nothing_published_without_a_connection_is_sent_later(own_nats: NATSServer) -> None:
    async with bus(own_nats.settings, "test") as connection:
        await until(lambda: connection.is_connected)
        await provision_stream(connection.jetstream, StreamConfig(name="WORK", subjects=["work.>"]))
        await own_nats.process.kill()
        await until(lambda: not connection.is_connected)
        with pytest.raises(OutboundBufferLimitError):
            await connection.jetstream.publish("work.x", b"ghost", timeout=1)
        await own_nats.process.start()
        await until(lambda: connection.is_connected)
        await connection.jetstream.publish("work.x", b"real", timeout=5)
        info = await connection.jetstream.stream_info("WORK")
        assert info.state.messages == 1


async def provisioned(connection: Bus, ack_wait: float) -> float | None:
    stream = StreamConfig(name="DRIFT", subjects=["drift.>"], retention=RetentionPolicy.WORK_QUEUE)
    await provision_stream(connection.jetstream, stream)
    consumer = ConsumerConfig(durable_name="slow", filter_subject="drift.slow", ack_wait=ack_wait, max_deliver=-1)
    await provision_consumer(connection.jetstream, "DRIFT", consumer)
    return (await connection.jetstream.consumer_info("DRIFT", "slow")).config.ack_wait


async def test_a_changed_declaration_changes_the_server(shared_nats: NATSServer) -> None:
    async with bus(shared_nats.settings, "test") as connection:
        await until(lambda: connection.is_connected)
        assert await provisioned(connection, 30) == 30
        assert await provisioned(connection, 30) == 30
        assert await provisioned(connection, 45) == 45


async def test_a_setting_that_did_not_take_effect_is_refused(shared_nats: NATSServer) -> None:
    async with bus(shared_nats.settings, "test") as connection:
        await until(lambda: connection.is_connected)
        await provisioned(connection, 30)
        replaced = ConsumerConfig(
            durable_name="backed_off", filter_subject="drift.other", ack_wait=30, backoff=[1, 2], max_deliver=5
        )
        with pytest.raises(DriftError, match=r"ack_wait is 1(\.0)? where 30 is wanted"):
            await provision_consumer(connection.jetstream, "DRIFT", replaced)
