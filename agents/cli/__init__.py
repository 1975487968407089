"""Coding agents that are programs: one file for each, and what they share."""
