"""Each module here is a command: NAME, HELP, configure(parser) and run(book, options)."""
