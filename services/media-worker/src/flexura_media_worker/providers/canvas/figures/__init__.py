"""Figures, one file each: a new one is a file here and a line below.

Each is drawn with its feet, or its middle where it floats, on a place, `size` high.
"""

from collections.abc import Callable, Mapping

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.figures import (
    bird,
    boat,
    car,
    castle,
    cat,
    dog,
    fish,
    flower,
    house,
    lighthouse,
    person,
    robot,
    tree,
    umbrella,
    yarn,
)
from flexura_media_worker.providers.canvas.scene import Scene

FIGURES: Mapping[str, Callable[[Scene, Point, float], None]] = {
    "bird": bird.draw,
    "boat": boat.draw,
    "car": car.draw,
    "castle": castle.draw,
    "cat": cat.draw,
    "dog": dog.draw,
    "fish": fish.draw,
    "flower": flower.draw,
    "house": house.draw,
    "lighthouse": lighthouse.draw,
    "person": person.draw,
    "robot": robot.draw,
    "tree": tree.draw,
    "umbrella": umbrella.draw,
    "yarn": yarn.draw,
}
