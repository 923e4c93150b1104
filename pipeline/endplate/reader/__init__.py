"""The reader: spaCy and medspaCy with rules for lumbar MRI reports."""

from endplate.reader.reader import Reader, load, load_pipeline

__all__ = ["Reader", "load", "load_pipeline"]
