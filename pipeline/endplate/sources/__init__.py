"""Readers of report tables and folders: everything a hospital exports becomes a Report.

All formats are streamed: an archive of any size needs the memory of a few thousand reports, and 12
bytes a slot to know duplicates.
"""

from endplate.sources.columns import ColumnMap
from endplate.sources.counts import Counts
from endplate.sources.reports import open_reports

__all__ = ["ColumnMap", "Counts", "open_reports"]
