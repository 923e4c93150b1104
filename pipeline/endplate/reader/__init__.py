"""The reader: spaCy and medspaCy with rules for lumbar MRI reports."""

from endplate.reader.reader import Reader, load

__all__ = ["Reader", "load"]
