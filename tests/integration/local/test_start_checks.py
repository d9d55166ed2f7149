"""What a start refuses before it starts any process: settings of every part, and ports that cannot all be had."""

import json
import socket
from pathlib import Path

import pytest

from flexura_kit.settings import Settings, variable_names
from flexura_kit.startup import SettingsError
from flexura_local.checks import SETTINGS, check_parts, check_ports, own_settings
from flexura_local.home import Home
from flexura_local.parts import plan
from flexura_local.ports import free_ports
from flexura_local.s3 import GRPC_OFFSET, NAMES
from flexura_local.settings import MEASURED_PARTS, LocalSettings

OWN = set(variable_names(LocalSettings))


def _refused(tmp_path: Path, **given: str) -> list[str]:
    """The lines with which a start with these variables is refused, none where it is not."""
    home = Home(tmp_path / "home")
    try:
        settings = own_settings(given)
        with home.held():
            everything = plan(settings, home, ["127.0.0.1"])
            check_parts(everything, settings)
            check_ports(everything, settings)
    except SettingsError as error:
        return str(error).splitlines()
    return []


def test_the_settings_that_come_along_are_taken(tmp_path: Path) -> None:
    assert _refused(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("KEYLESS", "wikipedia,dggs", "ddgs"),
        ("PROVIDERS", "flexura-canvsa", "flexura-canvas"),
        ("PROVIDERS", " , ", "flexura-canvas"),
        ("PROVIDERS", "nvidia", "flexura-canvas"),
        ("CORS_ORIGINS", "https://app.example/path", "https://app.example"),
        ("READER_PORTS", "80,https", "80,443"),
        ("READER_NETWORKS", "10.0.0.1/8", "10.0.0.0/8"),
        ("WEBHOOKS_NETWORKS", "localhost", "10.1.0.0/16"),
        ("SEARXNG_URL", "searxng.example", "https://"),
        ("EXA_URL", "exa", "https://"),
        ("PUBLIC_URL", "flexura.example", "https://flexura.example.com"),
    ],
)
def test_what_only_a_part_knows_is_refused_before_it_is_started(
    tmp_path: Path, name: str, value: str, meant: str
) -> None:
    (line,) = _refused(tmp_path, **{f"FLEXURA_{name}": value})
    assert line.startswith(f"FLEXURA_{name}: ")
    assert meant in line


@pytest.mark.parametrize("content", ["models: [", "[]", "models: [{}]", "models: nothing", "{a: &a [*a]}"])
def test_a_catalog_that_jobs_would_refuse_is_refused_with_its_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(content)
    (line,) = _refused(tmp_path, FLEXURA_CATALOG_FILE=str(file))
    assert line.startswith("FLEXURA_CATALOG_FILE: ")
    assert str(file) in line


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    lines = _refused(tmp_path, FLEXURA_KEYLESS="x", FLEXURA_CORS_ORIGINS="y", FLEXURA_READER_PORTS="z")
    assert {line.partition(": ")[0] for line in lines} == {
        *("FLEXURA_KEYLESS", "FLEXURA_CORS_ORIGINS", "FLEXURA_READER_PORTS")
    }


@pytest.mark.parametrize("settings_type", SETTINGS.values())
def test_a_setting_that_a_start_decides_itself_is_refused_with_that(
    tmp_path: Path, settings_type: type[Settings]
) -> None:
    decided = set(variable_names(settings_type)) - OWN
    assert decided
    for name in decided:
        (line,) = _refused(tmp_path, **{name: "x"})
        assert line.startswith(f"{name}: `make run` decides this setting of its services itself")
    assert not (tmp_path / "home").exists()


def test_metrics_on_the_port_of_the_edge_are_refused(tmp_path: Path) -> None:
    for number in range(MEASURED_PARTS):
        metrics = f"127.0.0.1:{3000 - number}"
        (line,) = _refused(tmp_path, FLEXURA_METRICS_LISTEN=metrics, FLEXURA_PORT="3000")
        assert line.startswith("FLEXURA_METRICS_LISTEN: ")
        assert "include 3000, which is FLEXURA_PORT" in line


@pytest.mark.parametrize("port", ["0", "65531", "65535"])
def test_metrics_without_room_for_all_parts_are_refused(tmp_path: Path, port: str) -> None:
    (line,) = _refused(tmp_path, FLEXURA_METRICS_LISTEN=f"127.0.0.1:{port}")
    assert "must have a port from 1 to 65530" in line
    assert f"127.0.0.1:{port}" in line


def test_metrics_where_somebody_listens_are_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as neighbour:
        port = neighbour.getsockname()[1]
        first = min(port - 2, 65_530)
        (line,) = _refused(tmp_path, FLEXURA_METRICS_LISTEN=f"127.0.0.1:{first}", FLEXURA_PORT="1025")
    assert f"metrics cannot be served on 127.0.0.1:{port}: Address already in use (by process" in line


@pytest.mark.parametrize("host", ["203.0.113.7", "[2001:db8::7]", "no-such-host.invalid"])
def test_metrics_on_an_address_of_another_machine_are_refused(tmp_path: Path, host: str) -> None:
    (line,) = _refused(tmp_path, FLEXURA_METRICS_LISTEN=f"{host}:9100", FLEXURA_PORT="3000")
    assert f"metrics cannot be served on {host}:9100: " in line


def test_ports_that_were_kept_give_way_to_those_that_are_asked_for(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        nats, store = home.ports()
        asked = {nats, store["s3"], store["admin"] + GRPC_OFFSET}
        nats_again, store_again = home.ports(spoken_for=asked)
    assert not {nats_again, *store_again.values(), store_again["admin"] + GRPC_OFFSET} & asked
    unasked = set(NAMES) - {"s3", "admin"}
    assert {name: store[name] for name in unasked} == {name: store_again[name] for name in unasked}


def test_no_two_ports_are_the_same_whatever_was_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (port,) = free_ports(1)
    with home.held():
        same = dict.fromkeys(("nats", *NAMES), port)
        for kept in (same, same | {"admin": 65_000}, {"nats": port + GRPC_OFFSET, "admin": port}):
            (home.folder / "ports.json").write_text(json.dumps(kept))
            nats, store = home.ports()
            taken = [nats, *store.values(), store["admin"] + GRPC_OFFSET]
            assert len(set(taken)) == len(taken)
            assert max(taken) < 1 << 16
