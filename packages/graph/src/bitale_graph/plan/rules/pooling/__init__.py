"""Host code of pooling; loaded when it is asked for."""
