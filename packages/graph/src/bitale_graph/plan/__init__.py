"""From a graph to host code and kernels, for any target: memory, loops, branches, checks.

For those who write a target; `bitale_graph.extend` has what ops and rewrites stand on.
"""
