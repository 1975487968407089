"""A Prefect task each: thin, one call into the core."""
