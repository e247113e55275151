"""Rules, how they are told, and how they are applied until none fires."""
