"""``python -m bitale_graph doctor`` and ``python -m bitale_graph cache``."""

import sys

from .health.command import main

if __name__ == "__main__":
    sys.exit(main())
