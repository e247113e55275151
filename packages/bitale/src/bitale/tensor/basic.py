"""The whole language under the name that Theano keeps it under."""

from bitale_graph.language import *  # noqa: F403 (a name of the language is listed once, there)
