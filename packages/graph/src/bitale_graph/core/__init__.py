"""The graph: types, variables, nodes, ops, and what walks, copies, stores and describes them."""
