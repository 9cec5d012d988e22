"""The documents' entities as pydantic models: shapes, limits and rules, pure. A model named New… is what a caller may send."""
