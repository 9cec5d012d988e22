"""Backups of the embedded Postgres and of the store beside it: bases, incremental ones, the archive of its WAL, all sealed before
they leave the data directory; how they are looked through, forgotten, and made into a cluster again.
"""
