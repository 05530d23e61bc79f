"""One module per framework, each with its own extra; nothing is imported here."""
