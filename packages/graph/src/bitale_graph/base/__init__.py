"""Settings, dtypes, errors, and where things were made: what all rooms stand on."""
