"""What a mission says: schema, loader, lint, plan, views, examples."""
