"""What is remembered of what the services can do."""

from flexura.jobs.v1 import jobs_service_pb2
from flexura.search.v1 import search_service_pb2
from flexura_edge.supply import Supplies, Supply
from flexura_kit.errors import FlexuraError, Kind, Reason

DOWN = FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "away")


class Services:
    """Services that answer what they are told to, and a clock."""

    def __init__(self) -> None:
        self.models: list[jobs_service_pb2.Model] | FlexuraError = [jobs_service_pb2.Model(model="nvidia-flux")]
        self.engines: list[search_service_pb2.EngineHealth] | FlexuraError = []
        self.now = 1000.0
        self.supplies = Supplies(self.list_models, self.list_engines, lambda: self.now)

    async def list_models(self, _timeout_s: float) -> list[jobs_service_pb2.Model]:
        if isinstance(self.models, FlexuraError):
            raise self.models
        return self.models

    async def list_engines(self, _timeout_s: float) -> list[search_service_pb2.EngineHealth]:
        if isinstance(self.engines, FlexuraError):
            raise self.engines
        return self.engines

    async def current(self) -> Supply | Reason:
        try:
            return await self.supplies.current(1.0)
        except FlexuraError as error:
            return error.reason


async def test_the_catalog_is_asked_for_where_none_is_known() -> None:
    services = Services()
    supply = await services.current()
    assert isinstance(supply, Supply)
    assert [model.model for model in supply.models] == ["nvidia-flux"]


async def test_it_is_told_for_10_minutes_while_jobs_is_away_and_no_longer() -> None:
    services = Services()
    supply = await services.current()
    services.models = DOWN
    services.now += 599
    assert await services.current() is supply
    services.now += 2
    assert await services.current() is Reason.SERVICE_UNAVAILABLE


async def test_the_same_answer_is_the_same_object() -> None:
    services = Services()
    supply = await services.current()
    services.now += 601
    services.models = [jobs_service_pb2.Model(model="nvidia-flux")]
    assert await services.current() is supply
    services.now += 601
    services.models = [jobs_service_pb2.Model(model="other")]
    assert await services.current() is not supply


async def test_an_engine_that_fares_otherwise_makes_another_object() -> None:
    services = Services()
    services.engines = [search_service_pb2.EngineHealth(engine="brave")]
    supply = await services.current()
    services.now += 601
    services.engines = [search_service_pb2.EngineHealth(engine="brave")]
    assert await services.current() is supply
    services.now += 601
    failed = search_service_pb2.EngineHealth(engine="brave", last_status=search_service_pb2.ENGINE_STATUS_TIMED_OUT)
    services.engines = [failed]
    supply = await services.current()
    assert isinstance(supply, Supply)
    assert supply.engines == (failed,)


async def test_a_search_service_that_is_away_has_no_engine_and_keeps_no_model_from_being_told() -> None:
    services = Services()
    services.engines = DOWN
    supply = await services.current()
    assert isinstance(supply, Supply)
    assert supply.engines == ()
