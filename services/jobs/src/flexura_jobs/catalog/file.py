"""Reading the catalog file, strictly: a wrong entry is named and stops the start."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.jobs import MediaType
from flexura_kit.nearest import unknown_names
from flexura_kit.setting_errors import it_is
from flexura_kit.startup import SettingsError

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Name = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
Seconds = Annotated[int, Field(gt=0, le=86_400)]


class CatalogError(Exception):
    """The catalog file is wrong; the text names the entry and what is wrong with it."""


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    type: MediaType
    description: Annotated[str, Field(min_length=1, max_length=300)]
    provider: Name
    upstream_model: Annotated[str, Field(min_length=1, max_length=200)]
    substitutes: tuple[str, ...] = ()
    billed: bool
    timeout_s: Seconds
    deadline_s: Seconds = 3600
    prompt_characters_max: Annotated[int, Field(gt=0, le=10_000)] = 10_000
    options: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], dict[str, Any]]


def read_catalog(file: Path | None) -> list[Model]:
    """Reads the file, or the packaged catalog where none is named."""
    source = file or resources.files("flexura_jobs").joinpath("catalog.yaml")
    try:
        content = yaml.safe_load(source.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise CatalogError(f"the catalog {source} cannot be read: {why}") from error
    return models_of(content)


def deployed_models(file: Path | None, providers: Sequence[str]) -> list[Model]:
    """Stops the process where the catalog is wrong, or where a provider is named that no model has."""
    try:
        models = read_catalog(file)
    except CatalogError as error:
        raise SettingsError(f"FLEXURA_CATALOG_FILE: {error}{it_is(str(file), str(error))}") from error
    known = sorted({model.provider for model in models})
    unknown = unknown_names(providers, known)
    if unknown:
        raise SettingsError(f"FLEXURA_PROVIDERS: no model of the catalog has the provider {unknown}")
    return models


def models_of(content: object) -> list[Model]:
    """Checks what the file holds and makes models of it."""
    if not isinstance(content, dict) or not isinstance(content.get("models"), list) or not content["models"]:
        raise CatalogError("the catalog needs a list named `models` with at least one entry")
    stray = [key for key in content if key != "models" and not str(key).startswith("x-")]
    if stray:
        raise CatalogError(f"the catalog knows `models` and keys that begin with x-, not {stray[0]}")
    models = [model_of(number, entry) for number, entry in enumerate(content["models"], start=1)]
    problem = next(problems(models), None)
    if problem:
        raise CatalogError(problem)
    return models


def model_of(number: int, content: object) -> Model:
    name = content.get("id", f"number {number}") if isinstance(content, dict) else f"number {number}"
    try:
        entry = Entry.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise CatalogError(f"catalog entry {name}: {place}: {first['msg']}") from error
    return Model(
        model=entry.id,
        media_type=entry.type,
        description=entry.description,
        provider=entry.provider,
        upstream_model=entry.upstream_model,
        options_schema=schema_of(entry.options),
        timeout=timedelta(seconds=entry.timeout_s),
        deadline=timedelta(seconds=entry.deadline_s),
        is_billed=entry.billed,
        prompt_characters_max=entry.prompt_characters_max,
        substitutes=entry.substitutes,
    )


def schema_of(options: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"$schema": DIALECT, "type": "object", "properties": options, "additionalProperties": False}


def problems(models: list[Model]) -> Iterator[str]:
    """Says what is wrong with the models together, and with each one's schema."""
    by_name: dict[str, Model] = {}
    for model in models:
        if model.model in by_name:
            yield f"catalog entry {model.model}: the id is used twice"
        by_name[model.model] = model
    for model in models:
        yield from schema_problems(model)
        if model.deadline < model.timeout:
            yield f"catalog entry {model.model}: deadline_s is shorter than timeout_s"
        for name in model.substitutes:
            yield from substitute_problems(model, name, by_name.get(name))


def schema_problems(model: Model) -> Iterator[str]:
    try:
        jsonschema_rs.meta.validate(model.options_schema)
    except jsonschema_rs.ValidationError as error:
        yield f"catalog entry {model.model}: options.{'.'.join(map(str, error.instance_path[1:]))}: {error.message}"
        return
    for wrong in jsonschema_rs.Draft202012Validator(model.options_schema).iter_errors(model.defaults):
        yield f"catalog entry {model.model}: the default of {'.'.join(map(str, wrong.instance_path))}: {wrong.message}"


def substitute_problems(model: Model, name: str, substitute: Model | None) -> Iterator[str]:
    """A substitute must take whatever the model takes, so that a job once checked never fails for its options."""
    where = f"catalog entry {model.model}: substitute {name}"
    if substitute is None:
        yield f"{where} is not in the catalog"
        return
    if substitute.media_type is not model.media_type:
        yield f"{where} makes {substitute.media_type}, not {model.media_type}"
    check = jsonschema_rs.Draft202012Validator(substitute.options_schema)
    for option in set(model.option_names) & set(substitute.option_names):
        schema = model.options_schema["properties"][option]
        for extreme in extremes(schema):
            if not check.is_valid({option: extreme}):
                yield f"{where} does not take {option} = {extreme}, which the model takes"


def extremes(schema: dict[str, Any]) -> list[Any]:
    edges = [schema[key] for key in ("minimum", "maximum", "default") if key in schema]
    return [*edges, *schema.get("enum", ())]
