"""The bootcamp over REST (document 001): one file per resource family, below /bootcamp."""
