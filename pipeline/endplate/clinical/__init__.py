"""The clinical record: wide and long tables become facts, each with the row that it came from."""

from endplate.clinical.codemaps import CodeMaps, code_maps
from endplate.clinical.combine import is_disputed
from endplate.clinical.record import ClinicalRecord, check_tables, load_facts, read_clinical
from endplate.clinical.schema import FLAG

__all__ = [
    "FLAG",
    "ClinicalRecord",
    "CodeMaps",
    "check_tables",
    "code_maps",
    "is_disputed",
    "load_facts",
    "read_clinical",
]
