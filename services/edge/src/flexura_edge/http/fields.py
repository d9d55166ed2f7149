"""The fields of a JSON object: which there are, and of which type; what they may say is the services' to judge."""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import orjson

from flexura_edge.http.body import SHOWN_CHARACTERS, shown
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.nearest import nearest_name
from flexura_kit.values import number_of, plain

T = TypeVar("T")

SENTENCES_MAX = 5  # In the message.
VIOLATIONS_MAX = 20  # Told at once: an answer is no longer than its reader needs, whatever was sent.

NAMES: dict[type, str] = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "an integer",
    list: "an array",
    str: "a string",
}


class Fields:
    """Takes typed fields out of an object, and gathers all that is wrong into one error.

    A field that is null says as little as one that is left out, also in what an object holds.
    """

    def __init__(self, values: dict[str, Any], known: Iterable[str]) -> None:
        self._nulls = {name for name, value in values.items() if value is None}
        self._values: dict[str, Any] = plain(values)
        self._nulls_in = {
            name: [inner for inner, one in value.items() if one is None]
            for name, value in values.items()
            if isinstance(value, dict)
        }
        self._violations = unknown_fields(values, list(known))

    def required(self, name: str, of: type[T], absent: T) -> T:
        if name in self._nulls:
            self._violations.append(FieldViolation(name, f"`{name}` must be {NAMES[of]}, not null"))
            return absent
        if name not in self._values:
            self._violations.append(FieldViolation(name, f"`{name}` is missing; send it as {NAMES[of]}"))
            return absent
        return self.optional(name, of, absent)

    def optional(self, name: str, of: type[T], absent: T) -> T:
        value = self._values.get(name, absent)
        if type(value) is not of:
            self._violations.append(FieldViolation(name, f"`{name}` must be {NAMES[of]}, not {described(value, of)}"))
            return absent
        fault = fault_of(value)
        if fault:
            self._violations.append(FieldViolation(name, f"`{name}` {fault}"))
            return absent
        return value

    def number(self, name: str, absent: float, above: float = -math.inf) -> float:
        """A number with or without a fraction."""
        given = self._values.get(name)
        if isinstance(given, (int, float)) and not isinstance(given, bool) and given <= above:
            self.refuse(name, f"`{name}` must be more than {above:g}, not {given:g}; leave the field out instead")
            return absent
        if type(given) is int:
            return self.optional(name, int, 0)
        return self.optional(name, float, absent)

    def whole(self, name: str, at_least: int, at_most: int) -> int:
        """A whole number between two; 0 where it is absent."""
        given = self._values.get(name)
        if type(given) is int and not at_least <= given <= at_most:
            self.refuse(name, f"`{name}` must be from {at_least} to {at_most:,}, not {given}")
            return 0
        return self.optional(name, int, 0)

    def text(self, name: str) -> str:
        """A string that says something; empty where it is absent."""
        given = self._values.get(name)
        if isinstance(given, str) and not given.strip():
            self.refuse(name, f"`{name}` is empty; leave the field out instead")
            return ""
        return self.optional(name, str, "")

    def texts(self, name: str) -> list[str]:
        """An array of strings that say something; empty where it is absent."""
        texts: list[Any] = self.optional(name, list, [])
        faults = ((f"{name}[{number}]", fault_of_text(text)) for number, text in enumerate(texts))
        wrong = list(islice(((place, fault) for place, fault in faults if fault), VIOLATIONS_MAX))
        for place, fault in wrong:
            self.refuse(place, f"`{place}` {fault}")
        return [] if wrong else texts

    def one_or_more(self, name: str, meant: str) -> list[str]:
        """A string, or an array of strings; `meant` tells whoever sends nothing what to send."""
        given = self._values.get(name)
        if name not in self._values:
            self.refuse(name, f"`{name}` is {'null' if name in self._nulls else 'missing'}; {meant}")
        elif given == [] or (isinstance(given, str) and not given.strip()):
            self.refuse(name, f"`{name}` is empty; {meant}")
        elif isinstance(given, list):
            return self.texts(name)
        elif isinstance(given, str):
            return [self.optional(name, str, "")]
        else:
            self.refuse(name, f"`{name}` must be a string or an array of strings, not {described(given)}")
        return []

    def choice(self, name: str, choices: Mapping[str, T], absent: T) -> T:
        """What one of some words stands for."""
        given = self._values.get(name)
        if isinstance(given, str) and given not in choices:
            nearest = nearest_name(given, choices)
            meant = f"; did you mean `{nearest}`?" if nearest else ""
            self.refuse(name, f"`{name}` takes {listed(choices)}, not {shown(given)}{meant}")
            return absent
        return choices.get(self.optional(name, str, ""), absent)

    def options(self, name: str) -> dict[str, Any]:
        """An object whose names another service knows: it is told of those that are null, too."""
        given = self.optional(name, dict, {})
        nulls = dict.fromkeys(self._nulls_in.get(name, ()))
        fault = fault_of(nulls)
        if fault:
            self.refuse(name, f"`{name}` {fault}")
        return {} if fault else given | nulls

    def is_given(self, name: str) -> bool:
        return name in self._values

    def refuse(self, name: str, message: str) -> None:
        self._violations.append(FieldViolation(name, message))

    def check(self) -> None:
        """Raises when anything was wrong."""
        if self._violations:
            raise invalid_request(self._violations)


def invalid_request(violations: list[FieldViolation]) -> FlexuraError:
    message = "; ".join(violation.message for violation in violations[:SENTENCES_MAX])
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, violations[:VIOLATIONS_MAX])


def unknown_fields(values: Iterable[str], known: list[str]) -> list[FieldViolation]:
    unknown = islice((name for name in values if name not in known), VIOLATIONS_MAX)
    return [FieldViolation(writable(name), unknown_field(name, known)) for name in unknown]


def unknown_field(name: str, known: list[str]) -> str:
    nearest = nearest_name(name, known)
    listing = f"known are {', '.join(f'`{field}`' for field in known)}" if known else "it takes none"
    meant = f"did you mean `{nearest}`?" if nearest else listing
    return f"{shown(name)} is no field of this request; {meant}"


def listed(words: Iterable[str]) -> str:
    *first, last = (f"`{word}`" for word in words)
    return f"{', '.join(first)} or {last}" if first else last


def fault_of_text(value: Any) -> str:
    if not isinstance(value, str):
        return f"must be {NAMES[str]}, not {described(value)}"
    return "" if value.strip() else "is empty; leave it out"


def described(value: Any, wanted: type = str) -> str:
    if value is None:
        return "null; leave the field out instead"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, float) and wanted is int:
        return f"{value:g}"
    if isinstance(value, (int, float)):
        return f"a number ({value!r:.{SHOWN_CHARACTERS}})"
    if isinstance(value, str):
        said = f"a string ({shown(value)})"
        return f"{said}; leave out its quotes" if is_unquoted(value, wanted) else said
    return "an array" if isinstance(value, list) else "an object"


def is_unquoted(text: str, wanted: type) -> bool:
    """Tells whether it would be right without quotes."""
    if wanted is bool:
        return text in {"true", "false"}
    number = number_of(text[:SHOWN_CHARACTERS]) if wanted in {int, float} else None
    return number is not None and (wanted is float or isinstance(number, int))


def fault_of(value: Any) -> str:
    """Finds what JSON allows and the services' messages cannot carry."""
    if any("\0" in text for text in texts_in(value)):
        return "holds a NUL character; remove it"
    try:
        orjson.dumps(value)
    except TypeError as error:
        if "surrogate" in str(error) or "UTF-8" in str(error):
            return "holds half of a surrogate pair; send whole characters"
        return "holds an integer of more than 64 bits"
    return ""


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def writable(name: str) -> str:
    """A name short enough to repeat, with what cannot be written replaced."""
    return name[:SHOWN_CHARACTERS].encode(errors="replace").decode()
