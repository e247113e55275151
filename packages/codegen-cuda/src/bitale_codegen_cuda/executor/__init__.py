"""From host code to commands for the shapes of a call, and from commands to calls."""
