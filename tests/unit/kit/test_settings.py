"""Settings: what is read, and what stops a process."""

from pathlib import Path

import pytest

from flexura_kit.settings import BusSettings, DatabaseSettings, Settings, load, public_url, secret, variable_names


class SomeSettings(Settings):
    database: DatabaseSettings
    nats: BusSettings = BusSettings()
    public_url: str = "http://localhost:3000"
    slots: int = 2


def test_a_group_is_read_by_its_name_and_a_field_of_two_words_by_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEXURA_DATABASE_URL", "sqlite:////tmp/x.db")
    monkeypatch.setenv("FLEXURA_DATABASE_POOL_SIZE", "3")
    monkeypatch.setenv("FLEXURA_PUBLIC_URL", "https://example.org")
    settings = load(SomeSettings)
    assert settings.database.url == "sqlite:////tmp/x.db"
    assert settings.database.pool_size == 3
    assert settings.public_url == "https://example.org"
    assert settings.nats.url == "nats://127.0.0.1:4222"


def test_an_unknown_name_stops_the_process_and_the_nearest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEXURA_DATABASE_URL", "sqlite:////tmp/x.db")
    monkeypatch.setenv("FLEXURA_NATS_ULR", "nats://x")
    with pytest.raises(SystemExit, match=r"FLEXURA_NATS_ULR is no setting.*FLEXURA_NATS_URL"):
        load(SomeSettings)


@pytest.mark.parametrize(
    ("name", "value"), [("FLEXURA_SLOTS", "many"), ("FLEXURA_DATABASE_POOL_SIZE", "0"), ("FLEXURA_LOG_LEVEL", "loud")]
)
def test_a_wrong_value_stops_the_process_with_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("FLEXURA_DATABASE_URL", "sqlite:////tmp/x.db")
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=name):
        load(SomeSettings)


def test_a_missing_value_stops_the_process_with_the_variables_name() -> None:
    with pytest.raises(SystemExit, match="FLEXURA_DATABASE"):
        load(SomeSettings)


def test_a_database_file_may_lie_in_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("FLEXURA_DATABASE_URL", "sqlite:///~/x.db")
    assert load(SomeSettings).database.url == "sqlite:////home/somebody/x.db"


def test_settings_are_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEXURA_DATABASE_URL", "sqlite:////tmp/x.db")
    settings = load(SomeSettings)
    with pytest.raises(ValueError, match="frozen"):
        settings.slots = 5  # type: ignore[misc]


def test_every_variable_has_a_sentence() -> None:
    assert "FLEXURA_NATS_PASSWORD_FILE" in set(variable_names(SomeSettings))
    for group in (DatabaseSettings, BusSettings):
        assert all(field.description for field in group.model_fields.values())


def test_a_secret_is_read_from_its_file_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cr3t\n")
    assert secret(tmp_path / "key") == "s3cr3t"
    assert secret(None) == ""


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://example.org/", "https://example.org"),
        ("https://example.org/flexura/", "https://example.org/flexura"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://example.org/a%20b/@c", "https://example.org/a%20b/@c"),
    ],
)
def test_a_public_address_may_have_a_path(given: str, meant: str) -> None:
    assert public_url(given) == meant


@pytest.mark.parametrize(
    "text",
    [
        "example.org",
        "ftp://example.org",
        "https://",
        "https://example.org:",
        "https://me@example.org",
        "https://example.org/?",
        "https://example.org?a=b",
        "https://example.org/#",
        "https://example.org/a b",
        'https://example.org/"',
        "https://b\u00fccher.example",
        "https://example.org/\u00fc",
        "https://example.org\r\n",
    ],
)
def test_what_cannot_stand_before_every_path_is_no_public_address(text: str) -> None:
    with pytest.raises(ValueError, match="must be the address that clients call, such as"):
        public_url(text)
