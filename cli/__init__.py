"""The `mission` command; the only place that prints."""
