"""The table of each fault run, printed at the end whether it passed or not."""

import pytest

TABLE = "fault_run"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, table in report.user_properties:
                if name == TABLE and report.when == "call":
                    terminalreporter.section("fault run")
                    terminalreporter.write_line(str(table))
