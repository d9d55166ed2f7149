"""Materials as bytes, the texts of their pages apart: a value of the bucket has a limit, and a page may be long."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from flexura_search.domain.materials import Material, Reading, ReadMaterial, Result, SearchMaterial
from flexura_search.domain.pages import Page

VERSION = 2
NAME_BYTES = 20
APART_CHARACTERS = 2000  # Shorter texts stay where they are.
PIECE_BYTES = 900_000  # Of a packed text that go into one value.
TEXT_BYTES_MAX = 64 << 20  # What a packed text may unpack to, whoever wrote it.


# Whoever wrote it: a name becomes a subject of NATS, and one that is too long ends the connection.
Name = Annotated[str, Field(pattern=f"^[0-9a-f]{{{2 * NAME_BYTES}}}$")]


class Written(BaseModel):
    """A material without its long texts, and the names of the pieces of these by the place where they belong."""

    version: int = VERSION
    expires_at: float
    material: SearchMaterial | ReadMaterial
    texts: dict[int, list[Name]]

    @property
    def names(self) -> set[str]:
        return {name for names in self.texts.values() for name in names}


class Pointer(BaseModel):
    """What the same order came to lately."""

    version: int = VERSION
    expires_at: float
    name: Name


MATERIALS: TypeAdapter[Material] = TypeAdapter(SearchMaterial | ReadMaterial)


@dataclass(frozen=True, slots=True)
class Packed:
    """A material as values for the bucket: its own, and the pieces of its texts by name."""

    value: bytes
    texts: Mapping[str, bytes]


def name_of(material: Material) -> str:
    """The same for the same content."""
    return digest(MATERIALS.dump_json(material))


def pack(material: Material, expires_at: float) -> Packed:
    names: dict[int, list[str]] = {}
    texts: dict[str, bytes] = {}
    shortened: list[Page | None] = []
    for place, page in enumerate(pages_of(material)):
        if page is None or len(page.text) < APART_CHARACTERS:
            shortened.append(page)
            continue
        pieces = pieces_of(zlib.compress(page.text.encode(errors="surrogatepass"), 1))
        names[place] = list(pieces)
        texts |= pieces
        shortened.append(replace(page, text=""))
    written = Written(expires_at=expires_at, material=with_pages(material, shortened), texts=names)
    return Packed(zlib.compress(written.model_dump_json().encode(), 1), texts)


def pieces_of(packed: bytes) -> dict[str, bytes]:
    """Pieces that fit a value each, by name and in order."""
    pieces = (packed[start : start + PIECE_BYTES] for start in range(0, len(packed), PIECE_BYTES))
    return {digest(piece): piece for piece in pieces}


def unpack(value: bytes) -> Written | None:
    """None where another version wrote it, or it is broken."""
    try:
        written = Written.model_validate_json(inflated(value))
    except (ValidationError, ValueError, zlib.error):
        return None
    return written if written.version == VERSION else None


def put_together(written: Written, texts: Mapping[str, bytes]) -> Material | None:
    """None where a piece is missing or another one: what is left would not be the whole."""
    pages = pages_of(written.material)
    if any(digest(texts.get(name, b"")) != name for name in written.names):
        return None
    for place, names in written.texts.items():
        page = pages[place] if 0 <= place < len(pages) else None
        if page is None:
            return None
        try:
            text = inflated(b"".join(texts[name] for name in names)).decode(errors="surrogatepass")
        except (ValueError, zlib.error):
            return None
        pages[place] = replace(page, text=text)
    return with_pages(written.material, pages)


def point(pointer: Pointer) -> bytes:
    return pointer.model_dump_json().encode()


def read_pointer(value: bytes) -> Pointer | None:
    try:
        pointer = Pointer.model_validate_json(value)
    except ValidationError:
        return None
    return pointer if pointer.version == VERSION else None


def pages_of(material: Material) -> list[Page | None]:
    holders: tuple[Result | Reading, ...]
    holders = material.results if isinstance(material, SearchMaterial) else material.readings
    return [holder.page for holder in holders]


def with_pages(material: Material, pages: list[Page | None]) -> Material:
    if isinstance(material, SearchMaterial):
        results = tuple(replace(result, page=page) for result, page in zip(material.results, pages, strict=True))
        return replace(material, results=results)
    readings = tuple(replace(reading, page=page) for reading, page in zip(material.readings, pages, strict=True))
    return replace(material, readings=readings)


def digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=NAME_BYTES).hexdigest()


def inflated(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(packed, TEXT_BYTES_MAX)
    if not unpacker.eof:
        raise ValueError("it is cut off, or too long")
    return content
