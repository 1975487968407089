"""pennies version"""

from __future__ import annotations

import argparse

from pennies import __version__
from pennies.book import Book

NAME = "version"
HELP = "print the version"


def configure(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments."""


def run(book: Book, options: argparse.Namespace) -> None:
    print(f"pennies {__version__}")
