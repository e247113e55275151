"""From text to loaded code: compiler, cache, loader."""
