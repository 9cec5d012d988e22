"""Sound, pictures and their store: what is too large or too fast for the log. No sound yet: sessions run without it."""
