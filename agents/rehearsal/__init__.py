"""Rehearsals: a model server that plays scripts, so that real agents can be driven without a provider."""
