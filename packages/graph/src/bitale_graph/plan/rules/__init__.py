"""Host code of ops that is the same for every target."""
