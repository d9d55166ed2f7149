"""Pages that answer, and show something else than what they are about."""

import re

from flexura_search.reader.parsing.cascade import Element

WALL_CHARACTERS_MAX = 1500
LEFT_CHARACTERS_MIN = 160
SCRIPTED_CHARACTERS_MAX = 60
SENTENCE = re.compile(r"[^.!?。\n]+[.!?。\n]*")
CONSENT = re.compile(
    r"cookie|consent|gdpr|dsgvo|rgpd|einwillig|zustimm|privacy|datenschutz|privatsph|confidentialit|vie priv|"
    r"partners? (?:store|process)|werbung|personali[sz]ed ad|tracking|プライバシー|クッキー|隐私|файлы куки",
    re.IGNORECASE,
)
ACCEPT = re.compile(
    r"accept|agree|allow|akzept|zustimm|einverstanden|j.accepte|autoris|acept|accett|aceit|akcept|同意|принять|"
    r"manage (?:options|preferences|settings)|reject all|ablehnen|continue",
    re.IGNORECASE,
)
CHECK = re.compile(
    r"captcha|verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot|unusual traffic|checking your browser|"
    r"just a moment|attention required|access denied|ddos protection|security check|bot detection",
    re.IGNORECASE,
)
SCRIPT = re.compile(
    r"(?:enable|requires?|activate|turn on|needs?|aktivier\w*|activer|activar|habilit\w+|abilita\w*)\W+(?:\w+\W+){0,4}"
    r"(?:java ?script|js)\b|java ?script\W+(?:\w+\W+){0,4}(?:disabled|required|enabled|deaktiviert|désactivé)",
    re.IGNORECASE,
)
LOADING = re.compile(
    r"(?:loading|please wait|lädt|laden|chargement|cargando|caricamento|загрузка|読み込み中)\W*", re.IGNORECASE
)

SCRIPTED = "the page shows its text by script only, and scripts are not run"
COOKIES = "the site shows its text only to those who accept its cookies"
CHECKED = "the site asks for a proof that a person reads it"
EMPTY = "the page holds no text"


def wall(visible: str, title: str, *, has_scripts: bool) -> str:
    """Says what stands before the page's text; empty where nothing does."""
    if not visible:
        return SCRIPTED if has_scripts else EMPTY
    if len(visible) > WALL_CHARACTERS_MAX:
        return ""
    if CHECK.search(f"{title}\n{visible[:300]}") and len(visible) < WALL_CHARACTERS_MAX / 2:
        return CHECKED
    if CONSENT.search(visible) and ACCEPT.search(visible) and _is_about(visible, CONSENT, ACCEPT):
        return COOKIES
    is_loading = has_scripts and len(visible) <= SCRIPTED_CHARACTERS_MAX and LOADING.fullmatch(visible) is not None
    return SCRIPTED if is_loading or (SCRIPT.search(visible) and _is_about(visible, SCRIPT)) else ""


def has_scripts(tree: Element) -> bool:
    return any("json" not in (script.get("type") or "") for script in tree.iter("script"))


def _is_about(visible: str, *subjects: re.Pattern[str]) -> bool:
    """Whether next to nothing is left where the sentences about it are taken away."""
    sentences = SENTENCE.findall(visible)
    left = [sentence for sentence in sentences if not any(subject.search(sentence) for subject in subjects)]
    rest = sum(map(len, left))
    return rest < LEFT_CHARACTERS_MIN and rest < len(visible) / 2
