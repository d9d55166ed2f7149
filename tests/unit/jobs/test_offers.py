"""Who serves a model in a deployment, what to expect of it, and with which options it runs."""

from datetime import timedelta
from typing import Any

from flexura_jobs.domain.catalog import Catalog, Deployment, Listing, Model, ModelStatus, Offer, effective_options
from flexura_jobs.domain.jobs import MediaType


def model(
    name: str, provider: str, *, substitutes: tuple[str, ...] = (), options: dict[str, Any] | None = None
) -> Model:
    return Model(
        model=name,
        media_type=MediaType.IMAGE,
        description="",
        provider=provider,
        upstream_model="",
        options_schema={"properties": options or {}},
        timeout=timedelta(minutes=1),
        deadline=timedelta(hours=1),
        is_billed=False,
        prompt_characters_max=100,
        substitutes=substitutes,
    )


HOSTED = model(
    "hosted", "cloud", substitutes=("card",), options={"seed": {"default": 0}, "steps": {"default": 4}, "style": {}}
)
CARD = model("card", "cards", options={"seed": {"default": 0}, "steps": {"default": 9}, "take_s": {"default": 1}})


def catalog(*providers: str, substitution: bool = False) -> Catalog:
    return Catalog([HOSTED, CARD], Deployment(frozenset(providers), substitution))


def shown(of: Catalog, *live: str) -> dict[str, Listing]:
    return {listing.model.model: listing for listing in of.listings(frozenset(live))}


def test_a_model_whose_provider_is_set_up_serves_itself() -> None:
    offer = catalog("cloud", "cards").offer("hosted")
    assert offer is not None
    assert (offer.served_by, offer.is_substituted) == (HOSTED, False)


def test_a_model_without_its_provider_is_offline_and_says_why() -> None:
    hosted = shown(catalog("cards"), "cards")["hosted"]
    assert hosted.status is ModelStatus.OFFLINE
    assert hosted.status_reason == "The provider cloud is not set up in this deployment."
    assert not hosted.is_default


def test_a_substitute_serves_only_where_the_operator_allows_it() -> None:
    allowed, refused = catalog("cards", substitution=True), catalog("cards")
    offer = allowed.offer("hosted")
    assert offer is not None
    assert offer.served_by is CARD
    assert offer.is_substituted
    assert refused.offer("hosted") == Offer(HOSTED, None)


def test_a_substitute_whose_provider_is_not_set_up_does_not_serve() -> None:
    assert catalog(substitution=True).offer("hosted") == Offer(HOSTED, None)


def test_a_substituted_model_says_who_serves_it() -> None:
    hosted = shown(catalog("cards", substitution=True), "cards")["hosted"]
    assert (hosted.status, hosted.served_by, hosted.is_default) == (ModelStatus.ACTIVE, "card", True)
    assert hosted.status_reason == "Served by card, because the provider cloud is not set up."


def test_a_model_without_live_workers_is_cold_and_says_that_jobs_wait() -> None:
    card = shown(catalog("cards"))["card"]
    assert (card.status, card.is_default) == (ModelStatus.COLD, True)
    assert "No worker is live" in card.status_reason


def test_a_model_with_live_workers_is_active_and_gives_no_reason() -> None:
    card = shown(catalog("cards"), "cards")["card"]
    assert (card.status, card.status_reason) == (ModelStatus.ACTIVE, "")


def test_the_first_model_that_is_not_offline_is_the_default_of_its_type() -> None:
    for of, expected in ((catalog("cards"), CARD), (catalog("cloud", "cards"), HOSTED)):
        default = of.default_offer(MediaType.IMAGE)
        assert default is not None
        assert default.model is expected
    assert catalog().default_offer(MediaType.IMAGE) is None


def test_only_models_that_run_under_their_own_name_need_a_queue() -> None:
    assert catalog("cards", substitution=True).own_models() == [CARD]


def test_effective_options_fill_in_defaults_and_pick_a_seed() -> None:
    offer = Offer(HOSTED, HOSTED)
    assert effective_options(offer, {"steps": 2}, lambda: 77) == {"seed": 77, "steps": 2}
    assert effective_options(offer, {"seed": 5}, lambda: 77) == {"seed": 5, "steps": 4}


def test_a_substitute_runs_with_what_both_know_and_its_own_defaults() -> None:
    chosen = effective_options(Offer(HOSTED, CARD), {"style": "oil", "seed": 5}, lambda: 77)
    assert chosen == {"seed": 5, "steps": 4, "take_s": 1}


def test_a_whole_number_written_as_a_fraction_becomes_whole() -> None:
    steps = effective_options(Offer(HOSTED, HOSTED), {"steps": 8.0}, lambda: 77)["steps"]
    assert (steps, type(steps)) == (8, int)


def test_the_first_substitute_whose_provider_is_set_up_serves() -> None:
    hosted = model("hosted", "cloud", substitutes=("painted", "card"))
    painted, card = model("painted", "brushes"), model("card", "cards")
    for providers, serves in ((("brushes", "cards"), painted), (("cards",), card)):
        offer = Catalog([hosted, painted, card], Deployment(frozenset(providers), allows_substitution=True)).offer(
            "hosted"
        )
        assert offer is not None
        assert offer.served_by is serves
