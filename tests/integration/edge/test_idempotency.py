"""Submits that may be sent again, through a real door and real gRPC."""

import orjson
import pytest
from integration.edge.peers import PUBLIC_URL, Edge, completed_job

from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason

BODY = {"prompt": "a red fox"}


def keyed(door: Edge, key: str = "order-7") -> dict[str, str]:
    return door.headers | {"Idempotency-Key": key}


@pytest.mark.parametrize("kind", ["image", "video", "audio"])
async def test_the_key_of_the_caller_and_the_key_of_the_request_reach_jobs(door: Edge, kind: str) -> None:
    async with door.client.post(f"/api/generate/{kind}", json=BODY, headers=keyed(door, "!~" * 127)) as response:
        assert response.status == 202
        item = door.peers.jobs.items[(await response.json())["job_id"]]
    (known,) = door.peers.auth.keys.values()
    assert not isinstance(known, FlexuraError)
    assert (item.idempotency_key, item.key_id) == ("!~" * 127, known.key_id)


async def test_a_replay_is_the_first_answer_to_the_byte_and_says_so(door: Edge) -> None:
    async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door)) as first:
        body = await first.read()
    assert "Idempotency-Replayed" not in first.headers
    job_id = orjson.loads(body)["job_id"]
    door.peers.jobs.put("acc_1", completed_job(job_id))
    async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door)) as again:
        assert (again.status, await again.read()) == (202, body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"] == f"{PUBLIC_URL}/api/jobs/{job_id}"


async def test_the_edges_own_second_try_is_no_replay(door: Edge) -> None:
    door.peers.jobs.failures.append(FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "restarting"))
    async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door)) as response:
        assert response.status == 202
    assert "Idempotency-Replayed" not in response.headers


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 256, "sch\u00f6n", "tab\there"])
async def test_a_key_that_is_none_is_refused_by_name_before_jobs_is_asked(door: Edge, key: str) -> None:
    async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door, key)) as response:
        answer = await response.json()
    assert (response.status, answer["code"]) == (400, "invalid_request")
    assert [error["field"] for error in answer["errors"]] == ["Idempotency-Key"]
    assert "1 to 255 visible ASCII characters" in answer["error"]
    assert not door.peers.jobs.items


async def test_a_key_with_a_quote_before_it_is_one_string_in_quotes_or_refused(door: Edge) -> None:
    for key in ('"k";p=1', '"a","b"', '"a', '"', r'"a\b"'):
        async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door, key)) as response:
            answer = await response.json()
        assert (key, response.status, answer["code"]) == (key, 400, "invalid_request")
        assert [error["field"] for error in answer["errors"]] == ["Idempotency-Key"]
        assert r'write `Idempotency-Key: "order-7"`, with \" for a quote and \\ for a backslash' in answer["error"]
    assert not door.peers.jobs.items


async def test_two_keys_of_one_request_are_refused(door: Edge) -> None:
    headers = [*door.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    async with door.client.post("/api/generate/image", json=BODY, headers=headers) as response:
        assert (response.status, (await response.json())["error"]) == (
            400, "`Idempotency-Key` is sent 2 times; send it once",
        )  # fmt: skip


async def test_a_key_with_another_body_is_422_and_names_what_differs(door: Edge) -> None:
    door.peers.jobs.refusal = FlexuraError(
        Kind.INVALID,
        Reason.IDEMPOTENCY_KEY_REUSED,
        "differs in prompt",
        [FieldViolation("prompt", "p")],
        fields="prompt",
    )
    async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door)) as response:
        answer = await response.json()
    assert (response.status, answer["code"], answer["retryable"]) == (422, "idempotency_key_reused", False)
    assert answer["errors"] == [{"field": "prompt", "message": "p"}]
    assert answer["next_actions"][0] == "Send prompt as they were sent first, to be answered with the job of then."


@pytest.mark.parametrize(
    ("kind", "reason", "status"), [(Kind.LIMITED, Reason.QUEUE_LIMIT, 429), (Kind.BUSY, Reason.OVERLOADED, 503)]
)
async def test_a_full_queue_says_when_to_come_again(door: Edge, kind: Kind, reason: Reason, status: int) -> None:
    door.peers.jobs.refusal = FlexuraError(kind, reason, "full", retry_after_ms="5000", limit="1000")
    async with door.client.post("/api/generate/image", json=BODY, headers=door.headers) as response:
        answer = await response.json()
    assert (response.status, answer["code"], answer["retryable"]) == (status, reason, True)
    assert (response.headers["Retry-After"], answer["retry_after_ms"]) == ("5", 5000)


@pytest.mark.parametrize(
    ("method", "path", "headers", "is_retryable"),
    [
        ("POST", "/api/generate/image", {}, False),
        ("POST", "/api/generate/image", {"Idempotency-Key": "order-7"}, True),
        ("GET", "/api/jobs/01a207b4-3006-7a18-8ab0-e3e8a7005565", {}, True),
        ("DELETE", "/api/jobs/01a207b4-3006-7a18-8ab0-e3e8a7005565", {}, True),
    ],
    ids=["submit", "submit-with-key", "get", "delete"],
)
async def test_what_was_not_answered_in_time_may_be_sent_again_where_that_does_no_harm(
    door: Edge, method: str, path: str, headers: dict[str, str], is_retryable: bool
) -> None:
    door.peers.jobs.put("acc_1", completed_job("01a207b4-3006-7a18-8ab0-e3e8a7005565"))
    door.peers.jobs.failures.append(FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "too late"))
    body = BODY if method == "POST" else None
    async with door.client.request(method, path, json=body, headers=door.headers | headers) as response:
        answer = await response.json()
    assert (response.status, answer["retryable"], "Retry-After" in response.headers) == (
        504,
        is_retryable,
        is_retryable,
    )


async def test_a_probable_duplicate_is_said_in_the_answer_and_in_the_job(door: Edge) -> None:
    async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door)) as response:
        job_id = (await response.json())["job_id"]
    door.peers.jobs.jobs[job_id].probable_duplicate_of = "the-first"
    async with door.client.post("/api/generate/image", json=BODY, headers=keyed(door)) as response:
        answer = await response.json()
    assert answer == {"job_id": job_id, "status": "queued", "probable_duplicate_of": "the-first"}
    async with door.client.get(f"/api/jobs/{job_id}", headers=door.headers) as response:
        assert (await response.json())["probable_duplicate_of"] == "the-first"
