"""Where what was found is kept for a while: in this process, and in NATS for all replicas."""

from flexura_search.kept.bucket import Bucket
from flexura_search.kept.memory import MemoryShelf
from flexura_search.kept.shared import SharedShelf
from flexura_search.kept.shelves import Shelves

__all__ = ["Bucket", "MemoryShelf", "SharedShelf", "Shelves"]
