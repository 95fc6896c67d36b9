"""The nouns: frozen pydantic models that import nothing else of the project."""
