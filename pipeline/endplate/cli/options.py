"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

_LAYOUT: Final = "How the reports are written"

Reports = Annotated[
    list[str],
    typer.Argument(
        help="CSV, Parquet or JSON-lines files, text files, folders of them; - is JSON lines on "
        "standard input.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Processes that read; as many as there are processors, if not given."),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Read with the site rules of this folder.", show_default=False
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 if anything was rejected.")]


class DateOrder(StrEnum):
    """Which number stands first in 04/05/2023."""

    DMY = "dmy"
    MDY = "mdy"


def _column(role: str, content: str) -> typer.models.OptionInfo:
    return typer.Option(
        f"--{role}-column",
        metavar="NAME",
        help=f"The column with {content}.",
        rich_help_panel=_LAYOUT,
        show_default=False,
    )


IdColumn = Annotated[str | None, _column("id", "the report id")]
TextColumn = Annotated[str | None, _column("text", "the report text")]
PatientColumn = Annotated[str | None, _column("patient", "the patient id")]
DateColumn = Annotated[str | None, _column("date", "the date of the examination")]
ModalityColumn = Annotated[str | None, _column("modality", "the modality (MR, CT ...)")]
ProcedureColumn = Annotated[str | None, _column("procedure", "the name of the examination")]
AccessionColumn = Annotated[str | None, _column("accession", "the accession number")]
StatusColumn = Annotated[str | None, _column("status", "the report status (final, amended ...)")]
Sep = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER",
        help="The separator of CSV files ('tab' for a tab); found out if not given.",
        rich_help_panel=_LAYOUT,
        show_default=False,
    ),
]
DateFirst = Annotated[
    DateOrder | None,
    typer.Option(
        "--date-order",
        help="How to read 04/05/2023. Without it such a date is not used.",
        rich_help_panel=_LAYOUT,
        show_default=False,
    ),
]
