"""The prompts of the contact sheet; the first of each kind is one of the API reference's."""

FILMS = ("a cat playing with a ball of yarn",)
PICTURES = (
    "a futuristic city at night, neon lights, cinematic",
    "a lighthouse at dusk in a storm",
    "misty mountains at sunrise, watercolour",
    "a quiet beach, noon",
    "snow in a pine forest",
    "red desert canyon",
    "space, ringed planet, stars",
    "a cosy living room with a fireplace",
    "a robot in a flower field",
    "a castle on a cliff, fog",
    "a sailing boat on a calm sea, sunset",
    "a dog on a meadow in spring",
    "rainy street with umbrellas, neon",
    "a single tree in autumn, ink",
    "goldfish in a pond",
    "abstract waves in blue and gold",
)
SOUNDS = (
    "calm ambient background music",
    "epic orchestral intro",
    "lo-fi beat with rain",
    "dark drone",
    "a happy tune with bells",
    "piano, slow and sad",
    "techno, 130 bpm",
)
