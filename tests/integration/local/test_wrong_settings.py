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
from flexura_kit.settings import Settings, group_of, read, variable_names
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
# What only the service knows that is asked: providers of its catalog, and in the embedded profile engines and the like.
LATER = {"FLEXURA_PROVIDERS"}
LATER_IN_LOCAL = {"FLEXURA_KEYLESS", "FLEXURA_READER_PORTS"}
BROKEN: dict[type, tuple[str, ...]] = {
    int: ("many", "-1", "1.5", ""),
    float: ("soon", "-1", "nan", "inf", ""),
    bool: ("maybe", ""),
    str: ("?:?", "http://", "a b", "host:port", "ftp://host", "://", "host:99999"),
    Path: ("/no/such/file", "/", "/dev/null"),
}


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
