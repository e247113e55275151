"""Settings, and which device is meant."""
