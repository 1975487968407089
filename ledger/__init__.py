"""What happened: run folder, event log, report."""
