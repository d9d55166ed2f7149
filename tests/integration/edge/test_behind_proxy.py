"""Behind a proxy with TLS: every link leads through it, whatever the proxy and the caller say of hosts."""

import json
import re
from typing import Any
from urllib.parse import urljoin

import aiohttp
import pytest
from integration.edge.peers import Peers, completed_job, edge, queued_job
from integration.edge.search_peers import engine
from integration.edge.test_catalog import FLUX, TONES
from integration.edge.test_openapi import DOCUMENT
from servers.tls_proxy import tls_proxy, trusting

from flexura_kit.ids import new_uuid7

LINK = re.compile(r'https?://[^"\\\s]*')
LIES = {"Forwarded": "host=evil.example;proto=http", "X-Forwarded-Port": "81", "X-Forwarded-Prefix": "/evil"}


@pytest.mark.parametrize("path", ["", "/flexura", "/a/b%20c"])
async def test_every_link_leads_through_the_proxy(services: Peers, path: str) -> None:
    services.jobs.models, services.search.engines = [FLUX, TONES], [engine("exa")]
    done, waiting = new_uuid7(), new_uuid7()
    services.jobs.put("acc_1", queued_job(waiting))
    services.jobs.put("acc_1", completed_job(done))
    services.jobs.feed.happen("acc_1", done, "completed")
    async with tls_proxy() as proxy:
        public_url = f"https://localhost:{proxy.port}{path}"
        async with edge(services, public_url=f"{public_url}/") as door:
            proxy.upstream, proxy.path = door.url, path
            connector = aiohttp.TCPConnector(ssl=trusting())
            async with aiohttp.ClientSession(connector=connector, headers=door.headers | LIES) as client:
                catalog = await linked(client, public_url, "GET", f"{public_url}/api/agent/models")
                generate = catalog["models"][0]["endpoint_url"]
                assert catalog["capabilities"]["search"]["endpoint_url"] == f"{public_url}/api/search"
                async with client.post(generate, json={"prompt": "a red fox"}) as response:
                    location = urljoin(generate, response.headers["Location"])
                    assert response.status == 202
                    assert response.headers["Location"] == f"{public_url}/api/jobs/{(await response.json())['job_id']}"
                await linked(client, public_url, "GET", location)
                for route in ("/api/jobs", f"/api/jobs/{done}", "/api/events", f"/api/jobs/{done}/events"):
                    answer = await linked(client, public_url, "GET", public_url + route)
                    assert f"{public_url}/api/assets/{done}.png" in str(answer), route
                for route in set(DOCUMENT["paths"]) - {"/api/openapi.json", "/readyz"}:
                    for method in ("GET", "POST", "DELETE"):
                        url = public_url + route.format(job_id="none", extension="png", webhook_id="a", delivery_id="b")
                        await linked(client, public_url, method, url, below=600)
                await linked(client, public_url, "POST", f"{public_url}/api/jobs/{waiting}/cancel")
                document = await linked(client, public_url, "GET", f"{public_url}/api/openapi.json", lasting=True)
                assert document["servers"] == [{"url": public_url}]
                token = await linked(client, public_url, "POST", f"{public_url}/api/events/token")
                async with client.get(token["url"], headers={"Authorization": ""}) as response:
                    assert response.status == 401  # An empty key is a wrong key, and goes before the token.
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting())) as page:
                accept = {"Accept": "text/event-stream"}
                async with page.get(f"{token['url']}&job_id={done}", headers=accept) as response:
                    assert (response.status, response.content_type) == (200, "text/event-stream")
                    assert f"{public_url}/api/assets/{done}.png" in await response.text()


async def linked(
    client: aiohttp.ClientSession, public_url: str, method: str, url: str, *, lasting: bool = False, below: int = 300
) -> dict[str, Any]:
    """Asks, and holds every link of the answer against the public address."""
    async with client.request(method, url) as response:
        text = await response.text()
        assert response.status < below, text
        told = " ".join(response.headers.values()) + ("" if lasting else text)
        assert [link for link in LINK.findall(told) if not link.startswith(f"{public_url}/")] == []
        for lie in ("evil", "elsewhere", ":81", "127.0.0.1"):
            assert lie not in text
        answer: dict[str, Any] = json.loads(text or "{}")
        return answer
