"""Subjects, one file each: a new one is a file here and a line below."""

from collections.abc import Callable, Mapping

from flexura_media_worker.providers.canvas.scene import Scene, Stage
from flexura_media_worker.providers.canvas.subjects import (
    abstract,
    beach,
    city,
    cliff,
    desert,
    field,
    forest,
    mountains,
    pond,
    river,
    room,
    sea,
    sky,
    space,
    street,
)

SUBJECTS: Mapping[str, Callable[[Scene], Stage]] = {
    "abstract": abstract.draw,
    "beach": beach.draw,
    "city": city.draw,
    "cliff": cliff.draw,
    "desert": desert.draw,
    "field": field.draw,
    "forest": forest.draw,
    "lake": mountains.draw_lake,
    "mountains": mountains.draw,
    "pond": pond.draw,
    "river": river.draw,
    "room": room.draw,
    "sea": sea.draw,
    "sky": sky.draw,
    "space": space.draw,
    "street": street.draw,
}
