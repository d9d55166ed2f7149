"""A client that keeps its connection and mends nothing: what is not answered whole has failed."""

import asyncio
from dataclasses import dataclass, field

ANSWER_TIMEOUT_S = 60.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ends_connection(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


@dataclass
class KeptAlive:
    """One connection at a time; a new one where the server has said or shown that the old one is over."""

    port: int
    key: str
    connections: int = 0
    failures: list[str] = field(default_factory=list)
    answered: int = 0
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer | None:
        """Answers None where it failed, and remembers how."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answer = await self._ask(method, path, body, headers)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.failures.append(f"{method} {path}: {error!r}")
            self.close()
            return None
        if answer.status >= 400:
            self.failures.append(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
        else:
            self.answered += 1
        if answer.ends_connection:
            self.close()
        return answer

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        reader, writer = await self._connection()
        lines = [f"{method} {path} HTTP/1.1", "Host: flexura.example", f"Authorization: Bearer {self.key}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        return await read_answer(reader)

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._writer is None or self._reader.at_eof() or self._writer.is_closing():
            self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.connections += 1
        return self._reader, self._writer


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(first.split()[1]), headers, body)
