"""From bytes to a page: pure functions, which know no network."""
