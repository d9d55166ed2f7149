"""docs/grpc.md does what it says: its commands are run as they stand, against a whole installation."""

import re
import subprocess
import sys
from pathlib import Path

from servers.installation import Installation

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/grpc.md").read_text()


def blocks(language: str) -> str:
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))


def adapted(flexura: Installation, script: str) -> str:
    """The same script for where this installation has its sockets and this test its programs."""
    programs = str(Path(sys.executable).parent)
    return script.replace(".flexura/run", str(flexura.home.sockets)).replace(".venv/bin", programs)


def run(command: list[str]) -> str:
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def test_the_commands_of_the_page_create_and_read_a_job(flexura: Installation) -> None:
    script = adapted(flexura, "set -euo pipefail\n" + blocks("bash"))

    printed = run(["bash", "-c", script + '\necho "ACCOUNT=$ACCOUNT JOB=$JOB"'])

    assert "JOB_STATE_QUEUED" in printed
    assert "JOB_STATE_COMPLETED" in printed
    assert "objectKey" in printed
    assert "flexura.jobs.v1.WorkerService/ClaimJobs" in printed
    assert '"nvidia-flux"' in printed
    assert "SERVING" in printed

    names = re.search(r"ACCOUNT=(acc_[0-9a-f]{32}) JOB=(\S+)", printed)
    assert names is not None
    program = [sys.executable, "-c", blocks("python"), f"unix:{flexura.home.sockets}/jobs.sock"]
    assert run([*program, *names.groups()]) == f"{names[2]} is in state 3\n"
    assert run([*program, "acc_" + "0" * 32, names[2]]).endswith("(job_not_found)\n")
