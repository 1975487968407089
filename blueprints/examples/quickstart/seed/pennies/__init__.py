"""A small expense book."""

__version__ = "0.1"
