"""The pure rules of a live session: what may be appended to its log and what the log means. No clock, no I/O."""
