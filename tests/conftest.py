"""What holds for every test: a clean environment, the same inputs in each run, and the real servers by name."""

import os

import pytest
from hypothesis import settings

pytest_plugins = ["servers.fixtures"]

# The same inputs in every run, with nothing remembered from the last one: a red test is red for everybody.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, print_blob=True)
# Inputs by the seed that `make fuzz` names.
settings.register_profile("fuzz", database=None, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FLEXURA_")]:
        monkeypatch.delenv(name)
