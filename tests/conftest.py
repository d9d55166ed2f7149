"""What holds for every test: a clean environment and the real servers by name."""

import os

import pytest

pytest_plugins = ["servers.fixtures"]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FLEXURA_")]:
        monkeypatch.delenv(name)
