"""The estimate of tokens against two real tokenizers: never below what people write, and not far above on prose."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rs_bpe import bpe

from flexura_search.domain import tokens

WEB = Path(__file__).parents[2] / "data" / "web"
# The first article of the declaration of human rights, for the most part.
LANGUAGES: dict[str, str] = json.loads(Path(__file__).with_name("languages.json").read_text())
TOKENIZERS = (bpe.openai.cl100k_base(), bpe.openai.o200k_base())
PROSE = "The reader fetches pages behind a guard, and what a person would not see never reaches the answer. " * 20
TEXTS = {
    "prose": PROSE,
    "german": "Überraschungsgäste überqueren die größte Brücke, während Größenverhältnisse täuschen. " * 20,
    "russian": "Выдры держатся за лапы, чтобы их не унесло течением, и спят на спине. " * 20,
    "greek": "Οι βίδρες κρατιούνται χέρι χέρι όταν κοιμούνται στο κρύο ποτάμι. " * 20,  # noqa: RUF001
    "arabic": "تمسك ثعالب الماء بأيدي بعضها البعض أثناء النوم حتى لا يجرفها التيار. " * 20,
    "hebrew": "לוטרות מחזיקות ידיים כשהן ישנות כדי שלא ייסחפו בזרם הקר. " * 20,
    "hindi": "ऊदबिलाव सोते समय एक दूसरे का हाथ पकड़ते हैं ताकि वे बह न जाएँ। " * 20,
    "thai": "นากจับมือกันขณะนอนหลับเพื่อไม่ให้ถูกกระแสน้ำพัดไป " * 20,
    "japanese": "ラッコは流されないように手をつないで眠ります。冷たい川で暮らしています。" * 20,
    "chinese": "水獭睡觉时会手牵着手，这样就不会被水流冲走。" * 20,  # noqa: RUF001
    "korean": "수달은 물살에 떠내려가지 않도록 손을 잡고 잠을 잡니다. " * 20,
    "emoji": "🦦🌊👨‍👩‍👧‍👦🏳️‍🌈🇩🇪✨" * 40,
    "code": "def estimate(text: str) -> int:\n    return sum(map(of_word, WORD.findall(text))) + 0x7F << 3\n" * 20,
    "base64": base64.b64encode(hashlib.sha512(b"x").digest() * 20).decode(),
    "hex": hashlib.sha512(b"y").hexdigest() * 10,
    "addresses": "https://otters.example/a/b-c_d?utm_source=x&id=1234567890#top " * 20,
    "numbers": "3.14159, 2,718,281.828 1234567890123 2026-11-26T16:57:47Z " * 20,
    "spaces": "a \t  b\n\n\n      c        d\r\n" * 40,
    "table": "| name | 12.5 | -- | x |\n|---|---|---|---|\n" * 20,
    "names": "Szczepan Wojciechowski, Krzysztof Przybylski, Oyelaran Adebayo, Siddharth Venkataraghavan; " * 20,
    "species": "Enhydra lutris Lontra canadensis Pteronura brasiliensis Aonyx cinereus Hydrictis maculicollis " * 20,
    "json": json.dumps([{"id": number, "name": f"otter {number}", "is_cold": None} for number in range(60)], indent=1),
    "quotes": 'She said "no", \'no\' and \\"never\\" again.\r\n\t"' * 20,
    "control": "\x00\x01\x1b[0m\x7f" * 40,
    "capitals": "NASA HTTP URLs iOS XMLHttpRequest McDonald PostgreSQL " * 20,
}


def count(text: str) -> int:
    """Tokens of the text, or of the JSON that it is answered in where these are more."""
    written = json.dumps(text, ensure_ascii=False)[1:-1]
    return max(tokenizer.count(form) for tokenizer in TOKENIZERS for form in (text, written))


@pytest.mark.parametrize("kind", TEXTS)
def test_no_text_is_estimated_too_low(kind: str) -> None:
    assert tokens.estimate(TEXTS[kind]) >= count(TEXTS[kind])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_is_estimated_too_low(language: str) -> None:
    for text in (LANGUAGES[language], " ".join([LANGUAGES[language]] * 10)):
        assert tokens.estimate(text) >= count(text)


def test_the_pages_of_the_reading_set_are_not_estimated_too_low() -> None:
    for entry in json.loads((WEB / "index.json").read_text()):
        for text in entry["must_contain"]:
            assert tokens.estimate(text) >= count(text), text
    for page in sorted((WEB / "pages").glob("*.html")):
        source = page.read_bytes().decode(errors="replace")
        for part in (source[:2000], source):
            assert tokens.estimate(part) >= count(part), page.name


def test_prose_is_not_estimated_far_too_high() -> None:
    assert tokens.estimate(PROSE) <= 1.3 * count(PROSE)


@given(st.lists(st.sampled_from([*TEXTS.values()]).map(lambda text: text[:60]), max_size=6))
@settings(max_examples=100, deadline=None)
def test_mixtures_are_not_estimated_too_low(parts: list[str]) -> None:
    text = " ".join(parts)
    assert tokens.estimate(text) >= count(text)


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Z", "Cc"]), max_size=300))
@settings(max_examples=150, deadline=None)
def test_what_nobody_writes_is_not_estimated_far_too_low(text: str) -> None:
    assert count(text) <= 1.5 * tokens.estimate(text)
