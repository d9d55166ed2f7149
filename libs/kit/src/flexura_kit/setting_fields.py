"""What a field of a settings class says of itself: the kinds of its values, what an empty one means, and `~`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo


class MayBeEmpty:
    """Marks a setting for which the empty value means something else than its default."""


def with_home_folder(value: Any, field: FieldInfo | None) -> Any:
    """Replaces `~` at the start of a path, as shells do it; raises ValueError where there is no such folder."""
    if field is None or not isinstance(value, str) or not value.startswith("~") or not is_path(field):
        return value
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError(f"begins with {value.partition('/')[0]}, and there is no such user's home folder") from None


def is_path(field: FieldInfo) -> bool:
    return any(kind is Path for kind in flattened(field.annotation, [])[0])


def keeps_empty(field: FieldInfo) -> bool:
    """Whether an empty value of the variable reaches the settings as it is."""
    return any(isinstance(mark, MayBeEmpty) for mark in field.metadata)


def is_missed(field: FieldInfo | None, value: str) -> bool:
    """Whether the variable is set to nothing, and nothing is neither its default nor a value of its own."""
    if field is None or value.strip() or keeps_empty(field):
        return False
    return field.is_required() or bool(value) or field.default not in ("", None, ())


def flattened(annotation: Any, metadata: list[Any]) -> tuple[list[Any], list[Any]]:
    """The kinds of value that an annotation allows, and the marks beside them such as bounds."""
    kinds, marks = [], list(metadata)
    for kind, beside in parts_of(annotation):
        kinds.append(kind)
        marks.extend(beside)
    return kinds, marks


def parts_of(annotation: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    if get_origin(annotation) is Annotated:
        inner, *beside = get_args(annotation)
        yield inner, tuple(beside)
    elif get_origin(annotation) in {None, Literal, tuple}:
        yield annotation, ()
    else:
        for part in get_args(annotation):
            yield from parts_of(part)
