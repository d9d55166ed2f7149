"""Downloads straight from the store by curl: wrk cannot show the certificate that the store asks for."""

import asyncio
import time
from pathlib import Path

DOWNLOADS_TIMEOUT_S = 120


async def downloaded_mib_per_second(
    link: str, certificate: Path, size_bytes: int, connections: int, total: int
) -> float:
    """Downloads the object `total` times over some connections side by side; answers MiB a second."""
    each = max(total // connections, 1)
    wishes = f'url = "{link}"\noutput = "/dev/null"\n' * each
    began = time.monotonic()
    await asyncio.gather(*(curl(wishes, certificate) for _ in range(connections)))
    return each * connections * size_bytes / (1 << 20) / (time.monotonic() - began)


async def curl(wishes: str, certificate: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--fail", "--config", "-", "--cacert", str(certificate), "--cert", str(certificate)),
        stdin=asyncio.subprocess.PIPE,
    )
    await asyncio.wait_for(process.communicate(wishes.encode()), DOWNLOADS_TIMEOUT_S)
    if process.returncode != 0:
        raise RuntimeError(f"curl could not download from the store: it ended with status {process.returncode}")
