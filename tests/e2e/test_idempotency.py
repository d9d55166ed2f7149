"""A submit that is sent again makes no second job, whatever dies meanwhile."""

import asyncio
import secrets

import aiohttp
from servers.installation import Installation
from servers.waiting import eventually

HEALS_WITHIN_S = 90
COPIES = 100
Answer = tuple[int, bytes, bool]


async def post(session: aiohttp.ClientSession, key: str | None, **body: object) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    asked = {"options": {"width": 64, "height": 64}} | body
    async with session.post("/api/generate/image", json=asked, headers=headers) as response:
        return response.status, await response.read(), response.headers.get("Idempotency-Replayed") == "true"


def session_of(flexura: Installation) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(flexura.url, headers={"Authorization": f"Bearer {flexura.key}"})


async def test_a_hundred_copies_are_one_job_and_still_are_after_a_crash(flexura: Installation) -> None:
    key = secrets.token_urlsafe()
    async with session_of(flexura) as session:
        answers = await asyncio.gather(*(post(session, key, prompt="once only") for _ in range(COPIES)))
        assert {status for status, _, _ in answers} == {202}
        (body,) = {body for _, body, _ in answers}
        assert sum(is_replayed for _, _, is_replayed in answers) == COPIES - 1
        await flexura.kill_and_see_it_back("jobs")
        later: list[Answer] = []

        async def is_answered() -> bool:
            later.append(await post(session, key, prompt="once only"))
            return later[-1][0] == 202

        await eventually(is_answered, HEALS_WITHIN_S)
        assert later[-1] == (202, body, True)
        status, refusal, _ = await post(session, key, prompt="something else")
        assert (status, b'"field":"prompt"' in refusal) == (422, True)


async def test_a_request_whose_answer_a_crash_took_is_one_job_when_sent_again(flexura: Installation) -> None:
    """The service dies while the copies are under way: between commit and answer for some of them."""
    mark = secrets.token_urlsafe()
    keys = [secrets.token_urlsafe() for _ in range(40)]
    seen: dict[str, set[bytes]] = {key: set() for key in keys}

    async def until_accepted(session: aiohttp.ClientSession, key: str) -> None:
        async def is_accepted() -> bool:
            try:
                status, body, _ = await post(session, key, prompt="sent again", client_ref=mark)
            except aiohttp.ClientError:
                return False
            if status == 202:
                seen[key].add(body)
            return status == 202

        await eventually(is_accepted, HEALS_WITHIN_S)

    async with session_of(flexura) as session:
        sending = [asyncio.create_task(until_accepted(session, key)) for key in keys]
        await eventually(lambda: any(seen.values()))
        await flexura.kill_and_see_it_back("jobs")
        await asyncio.gather(*sending)
        await asyncio.gather(*(until_accepted(session, key) for key in keys))
        async with session.get("/api/jobs", params={"client_ref": mark, "limit": "100"}) as response:
            listed = (await response.json())["jobs"]
    assert len(listed) == len(keys)
    assert all(len(bodies) == 1 for bodies in seen.values())
