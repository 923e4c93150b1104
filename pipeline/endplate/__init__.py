"""Endplate: finds candidates for basivertebral nerve ablation in a radiology archive."""

__version__ = "0.1.0"
