"""Certificates as documents: their numbers, what they say, and the two forms that are handed out, a page to print and a signed
credential. Pure; who may have one is decided by the rights of its row."""
