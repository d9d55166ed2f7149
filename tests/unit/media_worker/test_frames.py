"""What passes between the worker and a generator."""

from dataclasses import replace
from pathlib import Path

import pytest

from flexura_media_worker import frames
from flexura_media_worker.domain import (
    Checkpoint,
    Failure,
    FailureReason,
    GenerationRequest,
    Interpretation,
    Lease,
    Media,
    MediaType,
)

REQUEST = GenerationRequest(
    Lease("job", "token"),
    "flexura-testcard",
    MediaType.VIDEO,
    "video",
    "a prompt\n🎉",
    {"width": 64, "take_s": 0.5, "fail": None},
    Path("/spool/file"),
    Checkpoint.CREATED,
    "upstream",
)


def over_the_pipe(message: object) -> dict[str, object]:
    sent = frames.encode(message)  # type: ignore[arg-type]
    header, body = sent[: frames.HEADER.size], sent[frames.HEADER.size :]
    assert frames.length_of(header) == len(body)
    return frames.decode(body)


def test_a_request_arrives_as_it_was_sent() -> None:
    assert frames.request_from(over_the_pipe(frames.request_frame(REQUEST))) == REQUEST


def test_media_arrive_as_they_were_sent() -> None:
    media = Media("video/mp4", "mp4", 10, "ab", 64, 32, 1.5)
    interpreted = replace(media, interpreted_as=Interpretation(("subject: city",), ("glorbous",)))

    for sent in (media, interpreted):
        assert frames.media_from(over_the_pipe(frames.media_frame(sent))) == sent


@pytest.mark.parametrize("reason", list(FailureReason))
def test_a_failure_arrives_as_it_was_sent(reason: FailureReason) -> None:
    failure = Failure(reason, "A sentence.", is_retryable=True)

    assert frames.failure_from(over_the_pipe(frames.failure_frame(failure))) == failure


def test_a_message_that_is_too_long_is_refused_on_both_sides() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        frames.encode({"prompt": "x" * frames.FRAME_BYTES_MAX})
    with pytest.raises(ValueError, match="does not fit"):
        frames.length_of(frames.HEADER.pack(frames.FRAME_BYTES_MAX + 1))
