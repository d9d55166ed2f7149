"""The API reference's own commands, pasted into a shell, from the key to the opened asset."""

import asyncio
import io
import json
import re
from typing import Any

import av
import numpy as np
from PIL import Image
from servers.client import Client
from servers.installation import Installation

REFERENCE_URL = "http://localhost:3000"
UTC_MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

IMAGE = r"""
curl -X POST http://localhost:3000/api/generate/image \
  -H "Authorization: Bearer $MEDIA_GATEWAY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "prompt": "a futuristic city at night, neon lights, cinematic",
    "model": "nvidia-flux",
    "options": { "width": 1024, "height": 1024 }
  }'
"""
VIDEO = r"""
curl -X POST http://localhost:3000/api/generate/video \
  -H "Authorization: Bearer $MEDIA_GATEWAY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{ "prompt": "a cat playing with a ball of yarn" }'
"""
AUDIO = r"""
curl -X POST http://localhost:3000/api/generate/audio \
  -H "Authorization: Bearer $MEDIA_GATEWAY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{ "prompt": "calm ambient background music" }'
"""
PROMPTS = {
    "image": "a futuristic city at night, neon lights, cinematic",
    "video": "a cat playing with a ball of yarn",
    "audio": "calm ambient background music",
}
MODELS = "curl http://localhost:3000/api/agent/models"


async def _paste(flexura: Installation, command: str) -> dict[str, Any]:
    """Runs it in a shell as a person would; only the port differs."""
    process = await asyncio.create_subprocess_shell(
        command.replace(REFERENCE_URL, flexura.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "MEDIA_GATEWAY_API_KEY": flexura.key},
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors
    answer: dict[str, Any] = json.loads(output)
    return answer


async def _completed(flexura: Installation, api: Client, command: str) -> dict[str, Any]:
    accepted = await _paste(flexura, command)
    assert accepted["status"] == "queued"
    return await api.finished(accepted["job_id"], within_s=60)


def _assert_as_in_the_reference(flexura: Installation, job: dict[str, Any], media_type: str, extension: str) -> None:
    """Every field of the reference's example, in its format."""
    assert job["status"] == "completed"
    assert job["type"] == media_type
    assert job["prompt"] == PROMPTS[media_type]
    assert job["asset_url"] == f"{flexura.url}/api/assets/{job['job_id']}.{extension}"
    assert UTC_MILLISECONDS.fullmatch(job["created_at"])
    assert UTC_MILLISECONDS.fullmatch(job["updated_at"])
    assert job["created_at"] <= job["updated_at"]


async def test_image_opens_in_its_size_and_says_that_it_is_substituted(flexura: Installation, api: Client) -> None:
    job = await _completed(flexura, api, IMAGE)
    _assert_as_in_the_reference(flexura, job, "image", "png")
    assert job["requested_model"] == "nvidia-flux"
    assert job["model"] == "flexura-canvas"
    assert job["substituted"] is True
    assert "subject: city" in job["interpreted_as"]["understood"]
    assert job["interpreted_as"]["unknown"] == []
    data, content_type = await api.asset(job)
    assert content_type == "image/png"
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (1024, 1024))


async def test_video_plays(flexura: Installation, api: Client) -> None:
    job = await _completed(flexura, api, VIDEO)
    _assert_as_in_the_reference(flexura, job, "video", "mp4")
    data, content_type = await api.asset(job)
    assert content_type == "video/mp4"
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (768, 432)
        assert container.streams.audio[0].codec_context.name == "aac"
    assert frames == 4 * 24
    assert job["model"] == "flexura-motion"
    assert {"subject: room", "figures: cat, yarn"} <= set(job["interpreted_as"]["understood"])
    # Fast start: a player begins before it has the whole file.
    assert data.index(b"moov") < data.index(b"mdat")


async def test_audio_plays_and_is_not_silent(flexura: Installation, api: Client) -> None:
    job = await _completed(flexura, api, AUDIO)
    _assert_as_in_the_reference(flexura, job, "audio", "wav")
    data, content_type = await api.asset(job)
    assert content_type in {"audio/wav", "audio/x-wav"}
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(stream)])
        assert stream.rate == 48_000
    assert np.abs(samples.astype(np.int64)).max() > 1000
    assert job["model"] == "flexura-tones"
    assert {"mood: calm", "genre: ambient"} <= set(job["interpreted_as"]["understood"])


async def test_catalog_has_the_fields_of_the_reference_without_a_key(flexura: Installation) -> None:
    catalog = await _paste(flexura, MODELS)
    assert catalog["platform"] == "Flexura"
    search = catalog["capabilities"]["search"]
    assert (search["endpoint_url"], search["method"]) == (f"{flexura.url}/api/search", "POST")
    model = next(model for model in catalog["models"] if model["id"] == "nvidia-flux")
    assert model["type"] == "image"
    assert model["endpoint_url"] == f"{flexura.url}/api/generate/image"
    assert model["description"] == "Fast image generation for photorealistic prompts"
    assert model["status"] == "active"
    assert model["input"]["prompt"] == "string"
    assert model["input"]["options"].items() >= {"width": "number", "height": "number"}.items()


async def test_command_that_is_printed_at_the_start_works_as_it_stands(flexura: Installation, api: Client) -> None:
    printed = flexura.printed
    command = printed[printed.index("curl -X POST") : printed.index("curl http")]
    accepted = await _paste(flexura, command)
    assert (await api.finished(accepted["job_id"]))["status"] == "completed"
