"""The words that decide what a picture shows."""

from flexura_media_worker.providers.canvas.brief import Season, Style, Time, Weather
from flexura_media_worker.providers.prompts import named

SUBJECTS = named(
    ("city", "city, skyline, downtown, metropolis, skyscraper, cyberpunk, town, megacity, cityscape, tokyo, new york"),
    ("street", "street, city street, street market, alley, road, avenue, sidewalk, market, crosswalk"),
    ("room", "room, living room, interior, fireplace, bedroom, kitchen, study, library, cafe, office, indoors"),
    ("mountains", "mountain, mountains, alps, peak, valley, hill, fjord, summit, volcano, glacier"),
    ("sea", "sea, ocean, wave, bay, harbor, harbour, coast"),
    ("beach", "beach, shore, seaside, island, tropical, palm"),
    ("forest", "forest, wood, woods, pine forest, jungle, woodland, pine, grove, park"),
    ("desert", "desert, canyon, dune, mesa, sahara, badlands"),
    ("field", "field, meadow, flower field, garden, grassland, farm, lawn, pasture, prairie, countryside, vineyard"),
    ("river", "river, stream, brook, creek, waterfall, canal"),
    ("lake", "lake, mountain lake"),
    ("pond", "pond, aquarium, pool, underwater"),
    ("sky", "sky, cloud, heaven, rainbow"),
    ("space", "space, galaxy, planet, nebula, star, universe, cosmos, solar system, moon landing, comet, milky way"),
    ("cliff", "cliff, crag, headland"),
    (
        "abstract",
        "abstract, pattern, abstract waves, texture, geometric, shapes, swirl, background, wallpaper, gradient",
    ),
)
FIGURES = named(
    ("", "flower field, flower garden"),  # A place, and nobody in it.
    ("cat", "cat, kitten, kitty"),
    ("dog", "dog, puppy, hound"),
    ("bird", "bird, seagull, gull, swallow, eagle, crow, flock"),
    ("fish", "fish, goldfish, koi, carp"),
    ("person", "person, man, woman, girl, boy, people, child, children, figure, hiker, traveller, astronaut, couple"),
    ("umbrella", "umbrella"),
    ("boat", "boat, sailing boat, sailboat, ship, yacht, sailing"),
    ("car", "car, taxi, automobile"),
    ("tree", "tree, oak, maple, birch, cherry tree, blossom"),
    ("flower", "flower, tulip, rose, poppy, daisy, sunflower, lavender"),
    ("lighthouse", "lighthouse"),
    ("castle", "castle, fortress, palace"),
    ("robot", "robot, android, droid"),
    ("house", "house, cottage, cabin, hut, home, barn, farmhouse"),
    ("yarn", "yarn, ball of yarn, ball of wool, wool"),
)
TIMES = named(
    (Time.SUNRISE, "sunrise, dawn, morning, early morning"),
    (Time.DAY, "day, noon, midday, daytime, afternoon, sunny, sunlight, daylight, bright"),
    (Time.SUNSET, "sunset, golden hour, evening, sundown"),
    (Time.DUSK, "dusk, twilight, blue hour"),
    (Time.NIGHT, "night, midnight, nighttime, moonlight, moonlit, moon, starry"),
)
WEATHERS = named(
    (Weather.CLEAR, "clear, cloudless"),
    (Weather.CLOUDS, "cloudy, overcast, clouds"),
    (Weather.RAIN, "rain, rainy, raining, wet, drizzle"),
    (Weather.STORM, "storm, stormy, thunder, lightning, thunderstorm, tempest"),
    (Weather.SNOW, "snow, snowy, snowing, blizzard, snowfall"),
    (Weather.FOG, "fog, foggy, mist, misty, haze, hazy"),
)
SEASONS = named(
    (Season.SPRING, "spring"),
    (Season.SUMMER, "summer"),
    (Season.AUTUMN, "autumn, fall"),
    (Season.WINTER, "winter, christmas, frozen, icy"),
)
STYLES = named(
    (Style.LIGHT, "photo, photorealistic, photograph, realistic, cinematic, photo-like, film still"),
    (Style.WATERCOLOUR, "watercolour, watercolor, aquarelle, painting, painted, gouache"),
    (Style.NEON, "neon, cyberpunk, synthwave, vaporwave, neon lights"),
    (Style.FLAT, "flat, minimalist, minimal, vector, poster, cartoon, illustration, low poly"),
    (Style.INK, "ink, sketch, drawing, pencil, line art, sumi-e, black and white, woodcut"),
)
COLOURS = {
    "red": (0.82, 0.16, 0.14), "orange": (0.95, 0.52, 0.12), "gold": (0.93, 0.72, 0.26),
    "golden": (0.93, 0.72, 0.26), "yellow": (0.97, 0.84, 0.24), "green": (0.20, 0.62, 0.30),
    "teal": (0.10, 0.56, 0.58), "turquoise": (0.18, 0.74, 0.76), "blue": (0.10, 0.28, 0.68),
    "navy": (0.05, 0.10, 0.32), "indigo": (0.24, 0.16, 0.56), "purple": (0.48, 0.20, 0.66),
    "violet": (0.50, 0.28, 0.76), "pink": (0.95, 0.52, 0.68), "magenta": (0.86, 0.16, 0.60),
    "white": (0.95, 0.95, 0.96), "black": (0.06, 0.06, 0.08), "grey": (0.50, 0.51, 0.54),
    "gray": (0.50, 0.51, 0.54), "silver": (0.74, 0.77, 0.80), "brown": (0.44, 0.28, 0.16),
    "emerald": (0.05, 0.55, 0.38), "crimson": (0.72, 0.07, 0.20), "copper": (0.72, 0.42, 0.24),
}  # fmt: skip
COLOUR_NAMES = {word: word for word in COLOURS}
TRAITS = named(
    ("futuristic", "futuristic, sci-fi, future, science fiction"),
    ("calm", "calm, quiet, peaceful, serene, still, gentle"),
    ("cosy", "cosy, cozy, warm"),
    ("rings", "ringed, ring, saturn, ringed planet"),
    ("lonely", "single, lone, lonely, alone, solitary"),
    ("dark", "dark, gloomy, moody"),
    ("fireplace", "fireplace, fire"),
    ("flowers", "flower, blossom, tulip, rose, poppy, daisy, sunflower, lavender, flower field"),
    ("playing", "playing, play, plays"),
    ("stars", "star"),
)
