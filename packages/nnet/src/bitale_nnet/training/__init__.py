"""From arrays to a trained classifier."""
