"""Models, who serves them in this deployment, and what to expect of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flexura_jobs.domain.jobs import MediaType

Options = Mapping[str, Any]


class ModelStatus(StrEnum):
    """What to expect of a model at present."""

    ACTIVE = "active"
    COLD = "cold"
    DEGRADED = "degraded"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalog."""

    model: str
    media_type: MediaType
    description: str
    provider: str
    upstream_model: str
    options_schema: dict[str, Any]
    timeout: timedelta
    deadline: timedelta
    is_billed: bool
    prompt_characters_max: int
    substitutes: tuple[str, ...]

    @property
    def option_names(self) -> list[str]:
        return list(self.options_schema["properties"])

    @property
    def defaults(self) -> dict[str, Any]:
        properties = self.options_schema["properties"]
        return {name: schema["default"] for name, schema in properties.items() if "default" in schema}


@dataclass(frozen=True, slots=True)
class Offer:
    """A model and who does its work in this deployment: itself, another model, or nobody."""

    model: Model
    served_by: Model | None

    @property
    def is_substituted(self) -> bool:
        return self.served_by is not None and self.served_by is not self.model


@dataclass(frozen=True, slots=True)
class Listing:
    """A model as the catalog shows it."""

    model: Model
    status: ModelStatus
    status_reason: str
    is_default: bool
    served_by: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which providers this deployment is set up to run, and whether one model may stand in for another."""

    providers: frozenset[str]
    allows_substitution: bool


class Catalog:
    """Every model and who serves it in this deployment; it stays as it is while the process lives."""

    def __init__(self, models: Sequence[Model], deployment: Deployment) -> None:
        self._offers = {offer.model.model: offer for offer in offers(models, deployment)}
        self._defaults = default_offers(list(self._offers.values()))

    @property
    def names(self) -> list[str]:
        return list(self._offers)

    def offer(self, model: str) -> Offer | None:
        return self._offers.get(model)

    def default_offer(self, media_type: MediaType) -> Offer | None:
        return self._defaults.get(media_type)

    def available(self, media_type: MediaType | None) -> list[str]:
        """Names the models that take jobs, of one type or of all."""
        return [
            offer.model.model
            for offer in self._offers.values()
            if offer.served_by is not None and media_type in {None, offer.model.media_type}
        ]

    def own_models(self) -> list[Model]:
        """The models that are run under their own name here."""
        return [offer.model for offer in self._offers.values() if offer.served_by is offer.model]

    def listings(self, live_providers: frozenset[str]) -> list[Listing]:
        return listings(list(self._offers.values()), live_providers)


def offers(models: Sequence[Model], deployment: Deployment) -> list[Offer]:
    """Decides for each model who serves it."""
    by_name = {model.model: model for model in models}
    return [Offer(model, served_by(model, by_name, deployment)) for model in models]


def served_by(model: Model, by_name: Mapping[str, Model], deployment: Deployment) -> Model | None:
    if model.provider in deployment.providers:
        return model
    if not deployment.allows_substitution:
        return None
    substitutes = (by_name[name] for name in model.substitutes)
    return next((substitute for substitute in substitutes if substitute.provider in deployment.providers), None)


def listings(all_offers: Sequence[Offer], live_providers: frozenset[str]) -> list[Listing]:
    """Says of each model what to expect while workers of `live_providers` are live."""
    defaults = {offer.model.model for offer in default_offers(all_offers).values()}
    return [listing(offer, live_providers, is_default=offer.model.model in defaults) for offer in all_offers]


def default_offers(all_offers: Sequence[Offer]) -> dict[MediaType, Offer]:
    """The first of each type that somebody serves: the order of the catalog ranks the models."""
    defaults: dict[MediaType, Offer] = {}
    for offer in all_offers:
        if offer.served_by is not None:
            defaults.setdefault(offer.model.media_type, offer)
    return defaults


def listing(offer: Offer, live_providers: frozenset[str], *, is_default: bool) -> Listing:
    server = offer.served_by
    if server is None:
        reason = f"The provider {offer.model.provider} is not set up in this deployment."
        return Listing(offer.model, ModelStatus.OFFLINE, reason, is_default, "")
    reasons = []
    if offer.is_substituted:
        reasons.append(f"Served by {server.model}, because the provider {offer.model.provider} is not set up.")
    status = ModelStatus.ACTIVE if server.provider in live_providers else ModelStatus.COLD
    if status is ModelStatus.COLD:
        reasons.append("No worker is live; jobs wait until one has started.")
    return Listing(offer.model, status, " ".join(reasons), is_default, server.model if offer.is_substituted else "")


def effective_options(offer: Offer, options: Options, pick_seed: Callable[[], int]) -> dict[str, Any]:
    """Fills in defaults, hands on what a substitute knows too, and picks a seed where none was chosen."""
    chosen = {**offer.model.defaults, **options}
    server = offer.served_by
    if server is not None and server is not offer.model:
        shared = {name: value for name, value in chosen.items() if name in server.option_names}
        chosen = {**server.defaults, **shared}
    if chosen.get("seed") == 0:
        chosen["seed"] = pick_seed()
    return {name: whole(value) for name, value in chosen.items()}


def whole(value: Any) -> Any:
    """JSON Schema takes 4.0 for the integer 4; a generator may not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
