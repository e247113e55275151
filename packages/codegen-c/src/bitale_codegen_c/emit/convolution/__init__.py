"""Rules of the room `bitale_graph.convolution`, imported when one of its ops is asked for."""
