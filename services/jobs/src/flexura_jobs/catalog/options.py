"""The check of options against a model's schema, in sentences that say how to mend them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import jsonschema_rs

from flexura_jobs.domain.catalog import Model
from flexura_kit.errors import FieldViolation
from flexura_kit.nearest import nearest_name

SHOWN_CHARACTERS_MAX = 60  # Of a wrong name or value that is told back: the caller may send any.
VIOLATIONS_MAX = 20


class OptionsCheck:
    """Schemas are compiled once, when the service starts."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._checks = {model.model: jsonschema_rs.Draft202012Validator(model.options_schema) for model in models}

    def violations(self, model: Model, options: Mapping[str, Any]) -> list[FieldViolation]:
        """Names every option that is wrong, once each, as far as anybody would read on."""
        found: dict[str, FieldViolation] = {}
        errors = self._checks[model.model].iter_errors(options)
        for violation in islice(chain.from_iterable(violations_of(error, model) for error in errors), VIOLATIONS_MAX):
            found.setdefault(violation.field, violation)
        return list(found.values())


def violations_of(error: jsonschema_rs.ValidationError, model: Model) -> Iterator[FieldViolation]:
    if not error.instance_path:
        for name in getattr(error.kind, "unexpected", ()):
            yield FieldViolation(f"options.{shortened(name)}", unknown_option(name, model))
        return
    name = str(error.instance_path[0])
    takes = describe(model.options_schema["properties"][name])
    yield FieldViolation(f"options.{name}", f"{name} takes {takes}, not {shown(error.instance)}")


def unknown_option(name: str, model: Model) -> str:
    known = model.option_names
    told = shortened(name) if name.isprintable() and name.strip() == name != "" else shown(name)
    sentence = f"{model.model} has no option {told}"
    nearest = nearest_name(name, known)
    if nearest:
        return f"{sentence}; did you mean {nearest}? It takes {', '.join(known)}"
    return f"{sentence}; it takes {', '.join(known)}"


def describe(schema: Mapping[str, Any]) -> str:
    """Says in words what an option takes."""
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    words = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false"}
    parts = [words.get(str(schema.get("type")), "a value of its schema")]
    parts.extend(limits(schema))
    return " ".join(parts)


def limits(schema: Mapping[str, Any]) -> Sequence[str]:
    found = []
    if "minimum" in schema and "maximum" in schema:
        found.append(f"from {schema['minimum']} to {schema['maximum']}")
    elif "minimum" in schema:
        found.append(f"of at least {schema['minimum']}")
    elif "maximum" in schema:
        found.append(f"of at most {schema['maximum']}")
    if "multipleOf" in schema:
        found.append(f"that is a multiple of {schema['multipleOf']}")
    return found


def shown(value: object) -> str:
    return shortened(json.dumps(value, ensure_ascii=False))


def shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}..."
