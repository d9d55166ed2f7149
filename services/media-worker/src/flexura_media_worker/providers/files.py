"""How a provider describes the file that it wrote."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flexura_media_worker.domain import Media


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a picture is, how long a sound; zero for what it does not have."""

    width: int = 0
    height: int = 0
    duration_s: float = 0.0


def media_of(path: Path, content_type: str, extension: str, shape: Shape) -> Media:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        size_bytes = file.tell()
    return Media(content_type, extension, size_bytes, digest.hexdigest(), shape.width, shape.height, shape.duration_s)
