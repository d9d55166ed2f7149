"""What each part is started with: settings that its service knows, and nothing of our own environment beside them."""

import dataclasses
import os
from pathlib import Path

import pytest

from flexura_auth.settings import AuthSettings
from flexura_edge.settings import EdgeSettings
from flexura_jobs.settings import JobsSettings, WebhooksSettings
from flexura_kit.settings import Settings, load, variable_names
from flexura_local.home import Home
from flexura_local.parts import PASSED_ON, Part, plan
from flexura_local.settings import LocalSettings
from flexura_media_worker.settings import MediaWorkerSettings
from flexura_search.settings import SearchSettings

SERVICES: dict[str, type[Settings]] = {
    "auth": AuthSettings,
    "search": SearchSettings,
    "jobs": JobsSettings,
    "media-worker": MediaWorkerSettings,
    "edge": EdgeSettings,
    "webhooks": WebhooksSettings,
}


def _parts(tmp_path: Path, settings: LocalSettings) -> dict[str, Part]:
    home = Home(tmp_path / "home")
    with home.held():
        return {part.name: part for stage in plan(settings, home, ["127.0.0.1", "::1"]).stages for part in stage}


@pytest.mark.parametrize("service", SERVICES)
def test_service_reads_every_setting_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    part = _parts(tmp_path, LocalSettings())[service]
    assert set(part.settings) <= set(variable_names(SERVICES[service]))
    for name, value in part.settings.items():
        monkeypatch.setenv(name, value)
    load(SERVICES[service])


def test_search_is_handed_its_engines_and_its_web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "FLEXURA_SEARXNG_URL": "http://searxng.example",
        "FLEXURA_BRAVE_KEY_FILE": str(tmp_path / "brave-key"),
        "FLEXURA_EXA_URL": "http://exa.example",
        "FLEXURA_READER_NETWORKS": "10.1.0.0/16",
        "FLEXURA_READER_PORTS": "8000",
        "FLEXURA_KEYLESS": "wikipedia",
        "FLEXURA_SEARCHES_OF_ACCOUNT_MAX": "7",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = _parts(tmp_path, LocalSettings())["search"].settings
    assert {name: settings[name] for name in given} == given
    assert "FLEXURA_TAVILY_URL" not in settings
    assert set(settings) <= set(variable_names(SearchSettings))


def test_secrets_travel_as_files(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for part in _parts(tmp_path, LocalSettings()).values():
        for name in ("nats-password", "s3-access-key", "s3-secret-key", "webhook-key", "continuation-key"):
            assert home.secret(name) not in " ".join([*part.command, *part.settings.values()])


def test_stray_variables_reach_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "stray")
    monkeypatch.setenv("FLEXURA_STRAY", "stray")
    for part in _parts(tmp_path, LocalSettings()).values():
        assert "stray" not in part.environment.values()
        assert set(part.environment) <= set(PASSED_ON) | set(part.settings)


def test_metrics_ports_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEXURA_METRICS_LISTEN", "127.0.0.1:9100")
    parts = _parts(tmp_path, load(LocalSettings))
    listen = [parts[service].settings["FLEXURA_METRICS_LISTEN"] for service in SERVICES]
    assert listen == [f"127.0.0.1:{port}" for port in range(9100, 9106)]


def test_broker_and_store_get_no_settings_of_ours(tmp_path: Path) -> None:
    parts = _parts(tmp_path, LocalSettings())
    assert not any(name.startswith("FLEXURA_") for part in ("nats", "s3") for name in parts[part].environment)
    assert os.environ["PATH"] == parts["nats"].environment["PATH"]


def test_services_are_forked_and_what_python_reads_at_its_start_has_them_started_anew(tmp_path: Path) -> None:
    parts = _parts(tmp_path, LocalSettings())
    assert {name for name, part in parts.items() if part.is_forked} == set(SERVICES)
    preloading = dataclasses.replace(parts["auth"], settings=parts["auth"].settings | {"LD_PRELOAD": "/a/library.so"})
    assert not preloading.is_forked
