"""callgap: shows whom a telephone speech system understands, and how sure that is."""

__version__ = "0.1.0"
