"""C types, names and settings: what all rooms stand on."""
