"""Materials as bytes, the texts of their pages apart: a value of the bucket has a limit, and a page may be long."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, TypeAdapter, ValidationError

from flexura_search.domain.materials import Material, Reading, ReadMaterial, Result, SearchMaterial
from flexura_search.domain.pages import Page

VERSION = 1
NAME_BYTES = 20
APART_CHARACTERS = 2000  # Shorter texts stay where they are.
TEXT_BYTES_MAX = 64 << 20  # What a packed text may unpack to, whoever wrote it.


class Written(BaseModel):
    """A material without its long texts, and the names of these by the place where they belong."""

    version: int = VERSION
    expires_at: float
    material: SearchMaterial | ReadMaterial
    texts: dict[int, str]


class Pointer(BaseModel):
    """What the same order came to lately."""

    version: int = VERSION
    expires_at: float
    name: str


MATERIALS: TypeAdapter[Material] = TypeAdapter(SearchMaterial | ReadMaterial)


@dataclass(frozen=True, slots=True)
class Packed:
    """A material as values for the bucket: its own, and those of its texts by name."""

    value: bytes
    texts: Mapping[str, bytes]


def name_of(material: Material) -> str:
    """The same for the same content."""
    return digest(MATERIALS.dump_json(material))


def pack(material: Material, expires_at: float) -> Packed:
    places: dict[int, str] = {}
    texts: dict[str, bytes] = {}
    shortened: list[Page | None] = []
    for place, page in enumerate(pages_of(material)):
        if page is None or len(page.text) < APART_CHARACTERS:
            shortened.append(page)
            continue
        text = page.text.encode(errors="surrogatepass")
        places[place] = digest(text)
        texts[places[place]] = zlib.compress(text, 1)
        shortened.append(replace(page, text=""))
    written = Written(expires_at=expires_at, material=with_pages(material, shortened), texts=places)
    return Packed(zlib.compress(written.model_dump_json().encode(), 1), texts)


def unpack(value: bytes) -> Written | None:
    """None where another version wrote it, or it is broken."""
    try:
        written = Written.model_validate_json(inflated(value))
    except (ValidationError, ValueError, zlib.error):
        return None
    return written if written.version == VERSION else None


def put_together(written: Written, texts: Mapping[str, bytes]) -> Material | None:
    """None where a text is missing: what is left would not be the whole."""
    pages = pages_of(written.material)
    for place, name in written.texts.items():
        page = pages[place] if place < len(pages) else None
        if page is None or name not in texts:
            return None
        try:
            text = inflated(texts[name])
        except (ValueError, zlib.error):
            return None
        if digest(text) != name:
            return None
        pages[place] = replace(page, text=text.decode(errors="surrogatepass"))
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
