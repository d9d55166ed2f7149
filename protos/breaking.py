"""Fails where the protos would break clients that were built from the main branch."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BUF = Path(sys.executable).parent / "buf"


def main() -> int:
    against = base_commit()
    if against is None:
        print("no earlier commit of the protos to compare with")
        return 0
    source = f"../.git#ref={against},subdir=protos"
    return subprocess.run([BUF, "breaking", "--against", source], cwd=HERE, check=False).returncode


def base_commit() -> str | None:
    """Answers where this branch left `main`, or the commit before on `main` itself."""
    head = revision_of("HEAD")
    for revision in ("origin/main", "main~1", "HEAD~1"):
        found = subprocess.run(
            ["git", "merge-base", "HEAD", revision], cwd=HERE, capture_output=True, text=True, check=False
        )
        commit = found.stdout.strip()
        # A tree that is compared with itself breaks nothing.
        if found.returncode == 0 and commit != head and has_protos(commit):
            return commit
    return None


def revision_of(name: str) -> str:
    parsed = subprocess.run(["git", "rev-parse", name], cwd=HERE, capture_output=True, text=True, check=True)
    return parsed.stdout.strip()


def has_protos(commit: str) -> bool:
    listed = subprocess.run(
        ["git", "ls-tree", commit, "buf.yaml"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip())


if __name__ == "__main__":
    sys.exit(main())
