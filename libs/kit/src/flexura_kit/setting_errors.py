"""Sentences about settings that are wrong: which variable, what is allowed, and the value, but never a secret."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from flexura_kit.nearest import nearest_name
from flexura_kit.redaction import redacted
from flexura_kit.setting_fields import flattened

PREFIX = "FLEXURA_"
LISTED = "docs/operations.md lists every setting"
VALUE_ERROR = "value_error"
SAID_CHARACTERS_MIN = 4  # A shorter value may stand in a sentence by chance.
BOUNDS = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
SECRET_FILES = ("KEY_FILE", "PASSWORD_FILE", "SECRET_FILE", "TOKEN_FILE")


def wrong_value(name: str, field: FieldInfo, kind: str, message: str, given: str | None) -> str:
    """One line about a value that a settings class has refused; the kind of error and its message are pydantic's."""
    why = message.removeprefix("Value error, ") if kind == VALUE_ERROR else f"must be {allowed(field)}"
    return f"{name}: {why}{it_is(given, why)}"


def unknown_variable(name: str, known: Sequence[str]) -> str:
    # Compared without what all have in common, which would make any two alike.
    by_end = {one.removeprefix(PREFIX): one for one in known}
    end = name.removeprefix(PREFIX)
    # The name of a group alone is far from all names in it.
    nearest = next((one for one in by_end if one.startswith(f"{end}_")), None) or nearest_name(end, by_end)
    hint = f"the nearest is {by_end[nearest]}" if nearest else LISTED
    return f"{name} is no setting of this service; {hint}"


def empty_value(name: str, field: FieldInfo) -> str:
    """One line about a variable that is set to nothing though it needs a value."""
    default = field.get_default(call_default_factory=True, validated_data={})
    usual = ",".join(default) if isinstance(default, tuple) else default
    instead = "" if field.is_required() else f", or unset it for the default, {usual}"
    return f"{name}: is set and empty; give it a value{instead}"


def wrong_file(name: str, file: Path, why: str) -> str:
    """One line about a file that a variable names and that cannot be read."""
    is_surely_path = file.is_absolute() or str(file).startswith(".")
    if name.endswith(SECRET_FILES) and not is_surely_path:
        # Somebody may have written the secret itself where its file is asked for.
        return f"{name}: {why}; the variable takes the path of a file, not what is in it"
    return f"{name}: the file {file if is_surely_path else redacted(str(file))} {why}"


def file_fault(file: Path) -> str | None:
    """Says why there is nothing to be read in the file; None where there is."""
    try:
        content = file.read_text(encoding="utf-8")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return "cannot be read: it is no text"
    return None if content.strip() else "is empty"


def allowed(field: FieldInfo) -> str:
    """What a value may be, as the type of the field says it."""
    kinds, marks = flattened(field.annotation, field.metadata)
    choices = [choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices:
        return f"one of {', '.join(map(str, choices))}"
    if bool in kinds:
        return "true or false"
    if int in kinds:
        return f"a whole number {whole_bounds(marks)}".rstrip()
    if float in kinds:
        return f"a number {bounds(marks)}".rstrip()
    return "the path of a file or folder" if Path in kinds else "text"


def it_is(given: str | None, why: str) -> str:
    """What the variable is set to, where the sentence does not say it already."""
    if given is None:
        return ""
    value = redacted(given)
    is_said = len(value) >= SAID_CHARACTERS_MIN and value in why
    return "" if is_said else f' (it is "{value}")'


def whole_bounds(marks: list[Any]) -> str:
    limits = limits_of(marks)
    lowest = limits["gt"] + 1 if "gt" in limits else limits.get("ge")
    highest = limits["lt"] - 1 if "lt" in limits else limits.get("le")
    if lowest is not None and highest is not None:
        return f"from {lowest} to {highest}"
    if lowest is not None:
        return f"of {lowest} or more"
    return f"of {highest} or less" if highest is not None else ""


def bounds(marks: list[Any]) -> str:
    limits = limits_of(marks)
    return " and ".join(f"{words} {limits[limit]:g}" for limit, words in BOUNDS.items() if limit in limits)


def limits_of(marks: list[Any]) -> dict[str, Any]:
    return {limit: value for limit in BOUNDS for mark in marks if (value := getattr(mark, limit, None)) is not None}
