"""REST: one file per resource family, each a list of declared routes; route.py carries them out."""
