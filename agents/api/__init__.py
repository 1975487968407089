"""The API agents' own loop: a conversation with a model, the tools it may use, and what to do when calls fail."""
