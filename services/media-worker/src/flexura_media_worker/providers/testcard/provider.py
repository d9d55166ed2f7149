"""The provider itself: what is asked for, drawn and described."""

from flexura_media_worker.domain import GenerationRequest, Media, MediaType
from flexura_media_worker.ports import Progress
from flexura_media_worker.providers.files import Shape, media_of
from flexura_media_worker.providers.seeds import fingerprint
from flexura_media_worker.providers.testcard.audio import write_audio
from flexura_media_worker.providers.testcard.behaviour import misbehave, take_time
from flexura_media_worker.providers.testcard.image import write_image
from flexura_media_worker.providers.testcard.options import CardOptions, read_options
from flexura_media_worker.providers.testcard.payload import write_payload
from flexura_media_worker.providers.testcard.video import write_video

# Where the options name no size: the defaults of the catalog.
SIZES = {MediaType.IMAGE: (1024, 1024), MediaType.VIDEO: (768, 432), MediaType.AUDIO: (64, 64)}
FORMATS = {
    MediaType.IMAGE: ("image/png", "png"),
    MediaType.VIDEO: ("video/mp4", "mp4"),
    MediaType.AUDIO: ("audio/wav", "wav"),
}
WAITING_SHARE = 0.9  # Of the progress, where a job is to take its time.


class TestCard:
    """Draws test cards: the same prompt, options and seed give the same bytes."""

    # pytest would take the name for a collection of tests.
    __test__ = False

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        width, height = SIZES[request.media_type]
        options = read_options(request.options, width=width, height=height)
        take_time(options.take_s, lambda fraction: progress(fraction * WAITING_SHARE))
        misbehave(options.fail)
        waited = WAITING_SHARE if options.take_s else 0.0
        shape = write(request, options, lambda fraction: progress(waited + fraction * (1 - waited)))
        return media_of(request.spool_path, *FORMATS[request.media_type], shape)


def write(request: GenerationRequest, options: CardOptions, progress: Progress) -> Shape:
    path, seed_bytes = request.spool_path, fingerprint(request.prompt, request.options)
    if options.fail == "empty":
        path.write_bytes(b"")
        return Shape()
    if options.payload_bytes:
        write_payload(path, options.payload_bytes, seed_bytes)
        return Shape()
    if request.media_type is MediaType.VIDEO:
        return write_video(path, request.prompt, options, seed_bytes, progress)
    draw = write_image if request.media_type is MediaType.IMAGE else write_audio
    return draw(path, request.prompt, options, seed_bytes)
