"""The catalog file: what is packaged, and what stops the start."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from flexura_jobs.catalog import CatalogError, read_catalog
from flexura_jobs.catalog.file import models_of
from flexura_jobs.domain.jobs import MediaType

ENTRY: dict[str, Any] = {
    "id": "painter",
    "type": "image",
    "description": "Paints",
    "provider": "studio",
    "upstream_model": "p1",
    "billed": True,
    "timeout_s": 60,
    "options": {"width": {"type": "integer", "minimum": 64, "maximum": 128, "default": 64}},
}


def with_change(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    entry = deepcopy(ENTRY)
    change(entry)
    return {"models": [entry]}


def test_packaged_catalog_begins_with_the_default_image_model_of_the_reference() -> None:
    flux = read_catalog(None)[0]
    assert (flux.model, flux.media_type, flux.is_billed) == ("nvidia-flux", MediaType.IMAGE, True)
    assert flux.defaults == {"width": 1024, "height": 1024, "steps": 4, "seed": 0}
    assert flux.substitutes == ("flexura-canvas", "flexura-testcard-image")


def test_packaged_catalog_has_a_test_card_of_each_type() -> None:
    cards = [model for model in read_catalog(None) if model.provider == "flexura-testcard"]
    assert [(card.media_type, card.upstream_model) for card in cards] == [
        (MediaType.IMAGE, "image"),
        (MediaType.VIDEO, "video"),
        (MediaType.AUDIO, "audio"),
    ]
    assert not any(card.is_billed for card in cards)


def test_a_file_of_the_operator_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(
        "models: [{id: own, type: audio, description: Hums, provider: p, upstream_model: u, billed: false, "
        "timeout_s: 5, options: {}}]"
    )
    assert [model.model for model in read_catalog(file)] == ["own"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda entry: entry.update(colour="red"), "catalog entry painter: colour: Extra inputs"),
        (lambda entry: entry.pop("provider"), "catalog entry painter: provider: Field required"),
        (lambda entry: entry.update(id="Not Allowed"), "catalog entry Not Allowed: id: String should match"),
        (lambda entry: entry.update(type="text"), "catalog entry painter: type: Input should be 'image'"),
        (lambda entry: entry.update(timeout_s=0), "catalog entry painter: timeout_s:"),
        (lambda entry: entry.update(deadline_s=30), "painter: deadline_s is shorter than timeout_s"),
        (lambda entry: entry.update(substitutes=["nobody"]), "substitute nobody is not in the catalog"),
        (lambda entry: entry["options"]["width"].update(type="whole"), "catalog entry painter: options.width"),
        (lambda entry: entry["options"]["width"].update(default=1), "the default of width: 1 is less than"),
    ],
)
def test_a_wrong_entry_is_named_with_what_is_wrong(change: Callable[[dict[str, Any]], object], complaint: str) -> None:
    with pytest.raises(CatalogError) as refused:
        models_of(with_change(change))
    assert complaint in str(refused.value)


@pytest.mark.parametrize("content", [None, [], {}, {"models": []}, {"models": [ENTRY], "extras": 1}])
def test_a_file_without_a_list_of_models_is_refused(content: object) -> None:
    with pytest.raises(CatalogError):
        models_of(content)


def test_an_id_that_is_used_twice_is_refused() -> None:
    with pytest.raises(CatalogError, match="painter: the id is used twice"):
        models_of({"models": [ENTRY, ENTRY]})


def test_a_substitute_that_takes_less_than_the_model_is_refused() -> None:
    narrow = deepcopy(ENTRY)
    narrow.update(id="narrow", options={"width": {"type": "integer", "maximum": 100}})
    with pytest.raises(CatalogError, match="substitute narrow does not take width = 128"):
        models_of({"models": [{**ENTRY, "substitutes": ["narrow"]}, narrow]})


def test_a_substitute_of_another_type_is_refused() -> None:
    other = {**ENTRY, "id": "other", "type": "audio"}
    with pytest.raises(CatalogError, match="substitute other makes audio, not image"):
        models_of({"models": [{**ENTRY, "substitutes": ["other"]}, other]})


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        read_catalog(tmp_path / "nowhere.yaml")
