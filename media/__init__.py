"""Sound, pictures and their store: what is too large or too fast for the log."""
