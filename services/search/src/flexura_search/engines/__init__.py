"""The engines, one file each: a question put as the engine takes it, and its answer read."""

from flexura_search.engines.brave import BraveEngine
from flexura_search.engines.ddgs import DDGSEngine
from flexura_search.engines.exa import ExaEngine
from flexura_search.engines.searxng import SearXNGEngine
from flexura_search.engines.tavily import TavilyEngine
from flexura_search.engines.wikipedia import WikipediaEngine

__all__ = ["BraveEngine", "DDGSEngine", "ExaEngine", "SearXNGEngine", "TavilyEngine", "WikipediaEngine"]
