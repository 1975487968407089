"""The command line: one module per command, listed here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from pennies.book import Book
from pennies.commands import (
    version,
)

COMMANDS = [
    version,
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a mistake of the user ends with a sentence and exit code 2."""
    parser = argparse.ArgumentParser(prog="pennies", description="A small expense book.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = commands.add_parser(command.NAME, help=command.HELP)
        command.configure(subparser)
        subparser.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    try:
        with Book(os.environ.get("PENNIES_BOOK", "pennies.db")) as book:
            options.run(book, options)
    except ValueError as mistake:
        print(f"pennies: {mistake}", file=sys.stderr)
        return 2
    return 0
