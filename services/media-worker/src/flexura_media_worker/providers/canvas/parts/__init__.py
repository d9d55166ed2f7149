"""What several scenes have: sky, clouds, water, ground, plants, weather."""
