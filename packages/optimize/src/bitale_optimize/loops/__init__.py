"""Loops as what they carry and read: what rules and passes on them share."""
