"""Pages in a real browser: what they may read across origins, and streams that come back by themselves."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from integration.edge.peers import PUBLIC_URL, Edge, Peers, edge
from integration.edge.search_peers import engine, whole_answer
from integration.edge.test_draining import edge_process
from integration.edge.test_events import lived
from servers.browser import Site, chromium, site
from servers.waiting import eventually

from flexura_local.ports import free_ports

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(180)]
WITHIN_S = 60.0

FOLLOW = """
let last = "";
async function follow() {
  const { url } = await (await fetch("/event-token", { method: "POST" })).json();
  const events = new EventSource(last ? `${url}&cursor=${last}` : url);
  events.onopen = () => tell({ opened: last });
  for (const type of ["job.queued", "job.processing", "job.completed", "job.failed"])
    events.addEventListener(type, (event) => {
      last = event.lastEventId;
      tell({ type, job: JSON.parse(event.data).data.job_id });
    });
  events.onerror = () => {
    tell({ broken: events.readyState === EventSource.CLOSED ? "for good" : "for now" });
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 500);
  };
}
follow();
"""


def seen(page: Site, name: str) -> list[str]:
    return [told[name] for told in page.told if name in told]


async def test_an_event_source_outlives_a_killed_edge_and_its_own_token(services: Peers, tmp_path: Path) -> None:
    port, key = free_ports(1)[0], services.auth.new_key("acc_1")
    secret = tmp_path / "event-token-key"
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    url = f"http://127.0.0.1:{port}"
    process = edge_process(
        services, tmp_path, port, FLEXURA_EVENT_TOKEN_KEY_FILE=str(secret), FLEXURA_EVENT_TOKEN_S="8"
    )
    door = Edge(url, port, services, None, key, None)
    await process.start()
    try:
        expires_at: list[float] = []

        async def token() -> dict[str, Any]:
            made = await token_of(url, key)
            expires_at.append(datetime.fromisoformat(made["expires_at"]).timestamp())
            return made

        async with site(token) as page:
            page.script = FOLLOW
            async with chromium(page.origin, tmp_path):
                await eventually(lambda: len(seen(page, "opened")) == 1, within_s=WITHIN_S)
                jobs = [lived(door, states=("queued",))]
                await eventually(lambda: seen(page, "job") == jobs, within_s=WITHIN_S)
                await process.kill()
                await eventually(lambda: "for now" in seen(page, "broken"), within_s=WITHIN_S)
                jobs.append(lived(door, states=("queued",)))
                await process.start()
                await eventually(lambda: seen(page, "job") == jobs, within_s=WITHIN_S)
                # By the third time the token has ended: the page gets another one, and goes on where it was.
                opened = len(seen(page, "opened"))
                await process.kill()
                jobs.append(lived(door, states=("queued",)))
                await eventually(lambda: "for now" in seen(page, "broken"), within_s=WITHIN_S)
                await eventually(lambda: time.time() > expires_at[-1], within_s=WITHIN_S)
                await process.start()
                await eventually(lambda: len(seen(page, "opened")) > opened, within_s=WITHIN_S)
                await eventually(lambda: seen(page, "job") == jobs, within_s=WITHIN_S)
            assert "for good" in seen(page, "broken")
            assert seen(page, "error") == []
    finally:
        await process.stop()


FETCHES = """
async function read(name, path, options) {
  try {
    const answer = await fetch(EDGE + path, options);
    const body = await answer.text();
    tell({ name, status: answer.status, code: body.startsWith("{") ? JSON.parse(body).code : "",
           id: answer.headers.get("X-Request-Id") });
  } catch (error) {
    tell({ name, status: 0 });
  }
}
const key = { "Authorization": "Bearer " + KEY };
const json = { ...key, "Content-Type": "application/json", "Idempotency-Key": "once", "X-Client-Version": "1" };
(async () => {
  await read("catalog", "/api/agent/models");
  await read("unknown path", "/api/none", { headers: key });
  await read("no asset", "/api/assets/01a.png", { headers: { Range: "bytes=0-9" } });
  await read("submit", "/api/generate/image", { method: "POST", headers: json, body: '{"prompt": "a red fox"}' });
  await read("search", "/api/search", { method: "POST", headers: json, body: '{"query": "foxes"}' });
  await read("no json", "/api/search", { method: "POST", headers: json, body: "foxes" });
  await read("no key", "/api/jobs");
  await read("delete", "/api/jobs/none", { method: "DELETE", headers: key });
  tell({ name: "end" });
})();
"""


async def what_a_page_may_read(services: Peers, folder: Path, *, is_named: bool) -> dict[str, tuple[int, str]]:
    services.search.engines, services.search.found = [engine("exa")], whole_answer()
    async with site(no_token) as page, edge(services, cors_origins=page.origin if is_named else "") as door:
        page.script = f'const EDGE = "{door.url}", KEY = "{door.key}";{FETCHES}'
        async with chromium(page.origin, folder):
            await eventually(lambda: "end" in seen(page, "name"), within_s=WITHIN_S)
    answers = [told for told in page.told if "status" in told]
    assert all(told.get("id") for told in answers if told["status"])
    return {told["name"]: (told["status"], told.get("code") or "") for told in answers}


OPEN = {"catalog": (200, ""), "unknown path": (404, "route_not_found"), "no asset": (404, "asset_not_found")}
KEYED = {
    "submit": (202, ""),
    "search": (200, ""),
    "no json": (400, "malformed_json"),
    "no key": (401, "api_key_missing"),
    "delete": (404, "job_not_found"),
}


async def test_a_page_whose_origin_is_named_reads_all_answers(services: Peers, tmp_path: Path) -> None:
    assert await what_a_page_may_read(services, tmp_path, is_named=True) == OPEN | KEYED


async def test_any_other_page_reads_open_routes_and_sends_nothing_else(services: Peers, tmp_path: Path) -> None:
    read = await what_a_page_may_read(services, tmp_path, is_named=False)
    assert read == OPEN | dict.fromkeys(KEYED, (0, ""))
    assert services.jobs.items == {}


async def no_token() -> dict[str, Any]:
    return {}


async def token_of(url: str, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as client, client.post(f"{url}/api/events/token") as answer:
        made: dict[str, Any] = await answer.json()
        return made | {"url": made["url"].replace(PUBLIC_URL, url)}
