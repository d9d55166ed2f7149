"""Logs: one JSON line per event, bytes that a machine can read, secrets hidden."""

import json
import subprocess
import sys

PROGRAM = """
import logging
from flexura_kit import log
from flexura_kit.settings import LogSettings
log.configure(LogSettings(format="json"), "jobs")
log.bind(request_id="r1")
log.get_logger().info("job_claimed", job_id="j1", lease_token="t0k3n")
log.get_logger().debug("not_written")
logging.getLogger("library").warning("from %s", "elsewhere")
try:
    raise ValueError("why")
except ValueError:
    log.get_logger().exception("rpc_crashed")
"""


def test_our_lines_and_those_of_libraries_have_one_form_and_no_secrets() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30)
    ours, library, crash = (json.loads(line) for line in done.stderr.splitlines())
    assert (ours["event"], ours["job_id"], ours["request_id"], ours["service"]) == ("job_claimed", "j1", "r1", "jobs")
    assert ours["lease_token"] == "[hidden]"
    assert (library["event"], library["service"]) == ("from elsewhere", "jobs")
    assert "ValueError: why" in crash["exception"]
