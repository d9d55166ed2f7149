"""Webhooks over HTTP: what each route takes and answers, and whose they are."""

from typing import Any

import pytest
from integration.edge.peers import Edge
from integration.edge.test_openapi import check
from integration.edge.webhook_peers import SECRET

OWN, FOREIGN, NONE = (f"wh_{digit * 32}" for digit in "abc")
ONE = "/api/webhooks/{webhook_id}"
RESEND = ONE + "/deliveries/{delivery_id}/resend"
OF_ONE = [
    ("POST", f"{ONE}/rotate"),
    ("POST", f"{ONE}/test"),
    ("GET", f"{ONE}/deliveries"),
    ("POST", RESEND),
    ("DELETE", ONE),
]
WELL = {"rotate": 200, "test": 202, "deliveries": 200, "resend": 202}


@pytest.fixture
def known(door: Edge) -> Edge:
    door.peers.webhooks.put("acc_1", OWN)
    door.peers.webhooks.put("acc_2", FOREIGN)
    return door


async def ask(door: Edge, method: str, template: str, webhook_id: str = OWN, **also: Any) -> tuple[int, Any]:
    """Asks, sees that the answer is as the document says, and answers it."""
    path = template.replace("{webhook_id}", webhook_id).replace("{delivery_id}", "msg_1")
    async with door.client.request(method, path, headers=door.headers, **also) as response:
        if response.status == 204:
            return 204, await response.read()
        answer = await response.json()
        check(method, template, response.status, response.content_type, answer)
        return response.status, answer


async def test_a_webhook_is_created_with_its_secret_and_listed_without(door: Edge) -> None:
    status, created = await ask(door, "POST", "/api/webhooks", json={"url": "https://a.example/hook"})
    assert (status, created["secret"], created["scope"]) == (201, SECRET, "account")
    status, answer = await ask(door, "GET", "/api/webhooks")
    assert (status, answer) == (200, {"webhooks": [{k: v for k, v in created.items() if k != "secret"}]})


async def test_a_webhook_for_jobs_own_addresses_has_none(door: Edge) -> None:
    status, created = await ask(door, "POST", "/api/webhooks", json={"scope": "job"})
    assert (status, created["scope"], "url" in created) == (201, "job", False)


@pytest.mark.parametrize("method_and_path", OF_ONE, ids=lambda pair: pair[1].rpartition("/")[2])
async def test_each_route_answers_for_an_own_webhook_as_the_document_says(
    known: Edge, method_and_path: tuple[str, str]
) -> None:
    method, template = method_and_path
    status, answer = await ask(known, method, template)
    assert status == WELL.get(template.rpartition("/")[2], 204), answer


@pytest.mark.parametrize("method_and_path", OF_ONE, ids=lambda pair: pair[1].rpartition("/")[2])
async def test_another_accounts_webhook_is_not_found_like_none(known: Edge, method_and_path: tuple[str, str]) -> None:
    answers = []
    for webhook_id in (FOREIGN, NONE):
        status, answer = await ask(known, *method_and_path, webhook_id)
        assert (status, answer["code"]) == (404, "webhook_not_found")
        answers.append({name: value for name, value in answer.items() if name not in {"request_id", "instance"}})
    assert answers[0] == answers[1]
    assert FOREIGN in known.peers.webhooks.webhooks


@pytest.mark.parametrize("webhook_id", ["wh_%00", "wh_%C3%A4", "x" * 65, "a.b"])
async def test_a_name_that_can_be_none_is_not_asked_for(known: Edge, webhook_id: str) -> None:
    path = f"/api/webhooks/{webhook_id}/test"
    async with known.client.post(path, headers=known.headers) as response:
        assert (response.status, (await response.json())["code"]) == (404, "webhook_not_found")


async def test_an_overlap_is_handed_on_in_seconds_and_left_to_jobs_where_none_is_given(known: Edge) -> None:
    for also in ({}, {"json": {}}, {"json": {"overlap_s": 0}}, {"json": {"overlap_s": 90.5}}):
        status, answer = await ask(known, "POST", f"{ONE}/rotate", **also)
        assert (status, answer["secret"]) == (200, SECRET)
    assert known.peers.webhooks.overlaps == [None, None, 0.0, 90.5]


@pytest.mark.parametrize(
    ("template", "body", "field"),
    [
        ("/api/webhooks", {}, "url"),
        ("/api/webhooks", {"url": 1}, "url"),
        ("/api/webhooks", {"url": "https://a.example", "scope": "all"}, "scope"),
        ("/api/webhooks", {"url": "https://a.example", "secret": "mine"}, "secret"),
        (f"{ONE}/rotate", {"overlap_s": -1}, "overlap_s"),
        (f"{ONE}/rotate", {"overlap_s": 604_801}, "overlap_s"),
        (f"{ONE}/rotate", {"overlap_s": "1 day"}, "overlap_s"),
        (f"{ONE}/rotate", {"overlap": 1}, "overlap"),
    ],
)
async def test_a_wrong_field_is_named(known: Edge, template: str, body: dict[str, Any], field: str) -> None:
    status, answer = await ask(known, "POST", template, json=body)
    assert (status, [error["field"] for error in answer["errors"]]) == (400, [field])


@pytest.mark.parametrize("template", ["/api/webhooks", f"{ONE}/deliveries"])
@pytest.mark.parametrize(("query", "field"), [("limit=0", "limit"), ("cursor=x", "cursor"), ("page=2", "page")])
async def test_a_wrong_parameter_is_named(known: Edge, template: str, query: str, field: str) -> None:
    async with known.client.get(f"{template.format(webhook_id=OWN)}?{query}", headers=known.headers) as response:
        answer = await response.json()
    assert (response.status, [error["field"] for error in answer["errors"]]) == (400, [field])


async def test_pages_go_on_where_the_cursor_says(known: Edge) -> None:
    known.peers.webhooks.put("acc_1", NONE)
    async with known.client.get("/api/webhooks?limit=1", headers=known.headers) as response:
        assert (await response.json())["next_cursor"] == "more"
    async with known.client.get("/api/webhooks?cursor=more", headers=known.headers) as response:
        assert "next_cursor" not in await response.json()


async def test_what_was_sent_is_told_as_it_ended(known: Edge) -> None:
    _, answer = await ask(known, "GET", f"{ONE}/deliveries")
    failed, pending = answer["deliveries"]
    assert (failed["status"], failed["response_status"], failed["attempt"]) == ("failed", 500, 10)
    assert "next_attempt_at" not in failed
    assert pending["status"] == "pending"
    assert "error" not in pending


async def test_a_webhook_that_was_switched_off_says_so(known: Edge) -> None:
    known.peers.webhooks.webhooks[OWN][1].disable_time.GetCurrentTime()
    known.peers.webhooks.webhooks[OWN][1].disable_reason = "gone"
    _, answer = await ask(known, "GET", "/api/webhooks")
    assert (answer["webhooks"][0]["status"], answer["webhooks"][0]["disabled_reason"]) == ("disabled", "gone")
    status, answer = await ask(known, "POST", f"{ONE}/test")
    assert (status, answer["code"]) == (409, "webhook_disabled")


async def test_a_delivery_that_is_none_is_named(known: Edge) -> None:
    for delivery_id in ("msg_9", "x" * 101):
        path = f"/api/webhooks/{OWN}/deliveries/{delivery_id}/resend"
        async with known.client.post(path, headers=known.headers) as response:
            assert (response.status, (await response.json())["code"]) == (404, "delivery_not_found")


async def test_a_path_of_two_names_takes_its_methods_alone(known: Edge) -> None:
    path = f"/api/webhooks/{OWN}/deliveries/msg_1/resend"
    async with known.client.get(path, headers=known.headers) as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST, OPTIONS")
    async with known.client.post(f"/api/webhooks/{OWN}/deliveries//resend", headers=known.headers) as response:
        assert response.status == 404
