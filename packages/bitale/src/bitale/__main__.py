"""``python -m bitale doctor`` and ``python -m bitale cache``."""

import sys

from bitale_graph.health.command import main

if __name__ == "__main__":
    sys.exit(main())
