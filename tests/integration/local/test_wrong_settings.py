"""What is wrong with settings is said in a line for each variable, and never as a traceback."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from flexura_auth.settings import AuthSettings
from flexura_edge.settings import EdgeSettings
from flexura_jobs.settings import JobsSettings, WebhooksSettings
from flexura_kit.settings import Settings, group_of, read, variable_names, variables
from flexura_kit.startup import SettingsError
from flexura_local.settings import LocalSettings
from flexura_media_worker.settings import MediaWorkerSettings
from flexura_search.settings import SearchSettings

CLASSES: tuple[type[Settings], ...] = (
    *(AuthSettings, EdgeSettings, JobsSettings, WebhooksSettings),
    *(LocalSettings, MediaWorkerSettings, SearchSettings),
)
MODULES = {
    "flexura_edge": EdgeSettings,
    "flexura_jobs": JobsSettings,
    "flexura_media_worker": MediaWorkerSettings,
}
WORKING = {
    "FLEXURA_RPC_LISTEN": "unix:/run/x.sock",
    "FLEXURA_DATABASE_URL": "sqlite:////run/x.db",
    "FLEXURA_AUTH_TARGET": "dns:///auth:50051",
    "FLEXURA_JOBS_TARGET": "jobs:50051",
    "FLEXURA_SEARCH_TARGET": "unix:/run/s.sock",
    "FLEXURA_SPOOL_DIR": "/spool",
}
# Any text may be meant.
FREE = {
    *("FLEXURA_NATS_USER", "FLEXURA_S3_REGION", "FLEXURA_READER_CONTACT"),
    *("FLEXURA_SPOOL_DIR", "FLEXURA_HOME", "FLEXURA_CORS_ORIGINS"),
}
# Their empty value is a value of its own.
MEANS_NONE = {"FLEXURA_KEYLESS"}
# What only the service knows that is asked: providers of its catalog, and in the embedded profile engines and the like.
LATER = {"FLEXURA_PROVIDERS"}
LATER_IN_LOCAL = {"FLEXURA_KEYLESS", "FLEXURA_READER_PORTS"}
BROKEN: dict[type, tuple[str, ...]] = {
    int: ("many", "-1", "1.5", "", " ", "0x10", "9" * 5000, "null", "12 34"),
    float: ("soon", "-1", "nan", "inf", "", "1e999", "3,5", "\u0663x"),
    bool: ("maybe", "", "2", "ja"),
    str: (
        *("?:?", "http://", "a b", "host:port", "ftp://host", "://", "host:99999", "[::1", "//u:p@[/", "\udcff b"),
        *("host:\u0663", "a\tb c", "x y" * 1000),
    ),
    Path: ("/no/such/file", "/", "/dev/null", "~no-such-user/file"),
}
PHRASES_OF_PYDANTIC = (
    "Input should",
    "input should",
    "unable to",
    "alidation error",
    "Value error",
    "unction-",
    "type=",
)
SECRET = "geh3im"


def _fields(settings_type: type[Settings]) -> Iterator[tuple[str, type]]:
    for name, field in settings_type.model_fields.items():
        group = group_of(field.annotation)
        inner = group.model_fields.items() if group else [("", field)]
        for inner_name, inner_field in inner:
            kinds = [inner_field.annotation, *get_args(inner_field.annotation)]
            kind = next((kind for kind in kinds if isinstance(kind, type) and kind in BROKEN), str)
            yield f"FLEXURA_{name}{'_' if group else ''}{inner_name}".upper(), kind


def _cases() -> list[tuple[type[Settings], str, str]]:
    return [
        (settings_type, name, value)
        for settings_type in CLASSES
        for name, kind in _fields(settings_type)
        if name not in FREE | LATER | (LATER_IN_LOCAL if settings_type is LocalSettings else set())
        for value in BROKEN[kind]
    ]


def _give(monkeypatch: pytest.MonkeyPatch, settings_type: type[Settings], **given: str) -> None:
    known = set(variable_names(settings_type))
    for name, value in (WORKING | given).items():
        if name in known or name in given:
            monkeypatch.setenv(name, value)


def _lines(settings_type: type[Settings]) -> list[str]:
    given = {name: value for name, value in os.environ.items() if name.startswith("FLEXURA_")}
    with pytest.raises(SettingsError) as refused:
        pytest.fail(f"{read(settings_type)} was read from {given}")
    return str(refused.value).splitlines()


@pytest.mark.parametrize("settings_type", CLASSES)
def test_each_broken_value_is_refused_under_the_name_of_its_variable(settings_type: type[Settings]) -> None:
    cases = [(name, value) for one, name, value in _cases() if one is settings_type]
    assert len(cases) > 10
    for name, value in cases:
        with pytest.MonkeyPatch.context() as monkeypatch:
            _give(monkeypatch, settings_type, **{name: value})
            lines = _lines(settings_type)
        assert [line.partition(": ")[0] for line in lines] == [name], (value, lines)
        assert not any(phrase in lines[0] for phrase in PHRASES_OF_PYDANTIC), lines
        assert lines[0].encode("ascii", "ignore").decode().isprintable(), lines
        is_plain = value.isascii() and value.isprintable() and len(value) < 100
        shown = value if is_plain else value[:4]
        assert shown.strip() in lines[0] or "***" in lines[0] or "\\" in lines[0] or "takes the path" in lines[0], lines


@pytest.mark.parametrize("settings_type", CLASSES)
def test_an_empty_value_means_the_default_where_that_is_nothing_and_is_refused_elsewhere(
    settings_type: type[Settings],
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        _give(monkeypatch, settings_type)
        unchanged = read(settings_type)
    taken, refused = [], []
    for name, field in variables(settings_type).items():
        with pytest.MonkeyPatch.context() as monkeypatch:
            _give(monkeypatch, settings_type, **{name: ""})
            if name in MEANS_NONE:
                assert read(settings_type).keyless == ""  # type: ignore[attr-defined]
            elif not field.is_required() and field.default in ("", None, ()):
                assert read(settings_type) == unchanged
                taken.append(name)
            else:
                (line,) = _lines(settings_type)
                assert line.startswith(f"{name}: is set and empty; give it a value")
                refused.append(name)
    assert refused
    assert taken


@pytest.mark.parametrize("settings_type", CLASSES)
@pytest.mark.parametrize(
    "value",
    [
        *(f"postgresql://owner:{SECRET}@[/db", f"postgresql:owner:{SECRET}@host/db", f"owner:{SECRET}@host and more"),
        *(f"postgresql://h/db?pasword={SECRET}", f"host=h pasword=x password={SECRET}", f"http://h:x/?key={SECRET}"),
        *(f"http://u:{SECRET}?@h:x/", f"http://u:{SECRET}/@h:x", f"nats://{SECRET}@h:x", f"https://{SECRET}@h/p?q#f"),
    ],
)
def test_what_may_be_a_secret_in_a_value_is_not_shown(settings_type: type[Settings], value: str) -> None:
    for name in variables(settings_type):
        said = ""
        with pytest.MonkeyPatch.context() as monkeypatch:
            _give(monkeypatch, settings_type, **{name: value})
            try:
                read(settings_type)
            except SettingsError as error:
                said = str(error)
        assert SECRET not in said


@pytest.mark.parametrize("settings_type", CLASSES)
def test_a_secret_in_place_of_its_file_is_not_shown(settings_type: type[Settings]) -> None:
    for name in variables(settings_type):
        if name.endswith(("KEY_FILE", "PASSWORD_FILE")):
            with pytest.MonkeyPatch.context() as monkeypatch:
                _give(monkeypatch, settings_type, **{name: SECRET})
                (line,) = _lines(settings_type)
            assert line.startswith(f"{name}: cannot be read: ")
            assert line.endswith("the variable takes the path of a file, not what is in it")
            assert SECRET not in line


@pytest.mark.parametrize("settings_type", CLASSES)
def test_a_path_may_begin_with_the_home_folder(settings_type: type[Settings], tmp_path: Path) -> None:
    (tmp_path / "some.pem").write_text("text")
    for name, kind in _fields(settings_type):
        if kind is Path:
            place = "~" if name.endswith("_DIR") else "~/some.pem"
            with pytest.MonkeyPatch.context() as monkeypatch:
                _give(monkeypatch, settings_type, HOME=str(tmp_path), **{name: place})
                settings = read(settings_type).model_dump()
            outer, _, inner = name.removeprefix("FLEXURA_").lower().partition("_")
            whole = name.removeprefix("FLEXURA_").lower()
            found = settings[whole] if whole in settings else settings[outer][inner]
            assert found == Path(place.replace("~", str(tmp_path)))


@pytest.mark.parametrize("settings_type", CLASSES)
def test_each_variable_without_a_default_is_missed_by_its_name(
    monkeypatch: pytest.MonkeyPatch, settings_type: type[Settings]
) -> None:
    needed = set(WORKING) & set(variable_names(settings_type))
    for name in needed:
        with pytest.MonkeyPatch.context() as without:
            _give(without, settings_type)
            without.delenv(name)
            (line,) = _lines(settings_type)
            assert line.startswith(f"{name} must be set; ")
    if needed:
        (line,) = _lines(settings_type)
        assert all(name in line for name in needed)
    _give(monkeypatch, settings_type)
    read(settings_type)


@pytest.mark.parametrize("settings_type", CLASSES)
def test_each_mistyped_name_is_refused_with_the_one_that_was_meant(settings_type: type[Settings]) -> None:
    for name in variable_names(settings_type):
        mistyped = f"{name[:-2]}{name[-1]}{name[-2]}X"
        with pytest.MonkeyPatch.context() as monkeypatch:
            _give(monkeypatch, settings_type, **{mistyped: "x"})
            (line,) = _lines(settings_type)
            assert line == f"{mistyped} is no setting of this service; the nearest is {name}"


def test_a_group_is_named_by_its_variable_and_what_is_like_nothing_by_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    _give(monkeypatch, AuthSettings, FLEXURA_RPC="unix:/run/x.sock", FLEXURA_XYZZY="1")
    first, second = sorted(_lines(AuthSettings))
    assert first == "FLEXURA_RPC is no setting of this service; the nearest is FLEXURA_RPC_LISTEN"
    assert second == "FLEXURA_XYZZY is no setting of this service; docs/operations.md lists every setting"


@pytest.mark.parametrize(
    "url",
    [
        *("mysql://host/db", "/file.db", "sqlite://", "sqlite:///", "postgresql://host:port/db", "postgres"),
        *(
            "postgresql://h/db?sslmode=always",
            "postgresql://h/db?conect_timeout=3",
            "postgresql://h/db?connect_timeout=x",
        ),
        *(
            "postgresql://h/db?target_session_attrs=any-one",
            "postgresql://h/db?options=-csearch_path%3Dx",
            "postgresql://[::1/db",
        ),
    ],
)
def test_a_database_that_could_not_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    _give(monkeypatch, AuthSettings, FLEXURA_DATABASE_URL=url)
    (line,) = _lines(AuthSettings)
    assert line.startswith("FLEXURA_DATABASE_URL: ")


@pytest.mark.parametrize("module", MODULES)
async def test_a_service_that_is_started_alone_says_what_it_needs(module: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    (line,) = errors.decode().splitlines()
    assert process.returncode == 2
    assert output == b""
    assert line.partition(" ")[0] in set(variable_names(MODULES[module]))
