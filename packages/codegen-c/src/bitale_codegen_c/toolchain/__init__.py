"""From text to loaded code: compiler, what the cache holds, loader."""
