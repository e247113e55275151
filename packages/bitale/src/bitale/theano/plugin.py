"""A plugin of pytest: ``pytest -p bitale.theano.plugin`` runs a suite written for Theano."""

from . import old_names
from .importing import install, uninstall

install()  # at once: conftest files import theano before any hook runs
old_names.put_back()


def pytest_report_header() -> str:
    """Say what ``import theano`` means in this run."""
    return "theano: bitale, by bitale.theano"


def pytest_unconfigure() -> None:
    """Take the modules back."""
    uninstall()
