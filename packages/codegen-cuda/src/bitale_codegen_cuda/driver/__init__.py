"""Devices: real ones by the driver of CUDA, one emulated on the CPU, one that only takes notes."""
