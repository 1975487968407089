"""Measurements; nothing here is asserted, machines are noisy."""
