"""The entry point as statements: where they stand, in which order, in whose buffers."""
