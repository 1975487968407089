"""Running elsewhere: so far only `prefect.yaml` at the root."""
