"""Rules by subject; each file adds to the sets of `bitale_optimize.engine.phases`."""
