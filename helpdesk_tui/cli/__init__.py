"""Commands: they parse words, call the desk, print the outcome. A file per command group."""
