"""Dates as hospitals write them; what could be read in two ways is not read at all."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, Literal

#: Which number stands first in 04/05/2023.
DateOrder = Literal["dmy", "mdy"]

# A time of day may follow any date; it is not used. All patterns are linear: each class stops
# before the next begins.
_TIME: Final = r"(?:[T ,]+\d{1,2}[\d:.]*(?: ?[AP]\.?M\.?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)?"
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}", re.I)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?\d{2,6}(?:\.\d{1,9})?(?:Z|[+-]\d{4})?)?")
_YEAR_LAST: Final = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}", re.I)
_DAY_MONTH: Final = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?[ ./-]{{0,2}}([a-z]{{3,9}})[ ./,-]{{0,2}}(\d{{4}}){_TIME}", re.I
)
_MONTH_DAY: Final = re.compile(
    rf"([a-z]{{3,9}})[ .]{{0,2}}(\d{{1,2}})(?:st|nd|rd|th)?[ ,]{{1,2}}(\d{{4}}){_TIME}", re.I
)

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def parse_date(text: str, order: DateOrder | None = None) -> dt.date | None:
    """Read a date: ISO 8601, ``20230405``, ``5 Apr 2023``, ``25/12/2023``, each also with a time.

    Parameters
    ----------
    text : str
        The cell.
    order : {'dmy', 'mdy'}, optional
        Decides dates such as ``04/05/2023``. Dates with dots are day first all over the world.

    Returns
    -------
    date or None
        None for an empty cell.

    Raises
    ------
    ValueError
        The text is no date, or without `order` could be two. The message does not quote it.
    """
    text = text.strip()
    if not text:
        return None
    year, month, day = _parts(text[:60], order)
    if not 1900 <= year < 2300:  # de-identified archives shift dates far ahead
        message = "the year is not plausible"
        raise ValueError(message)
    try:
        return dt.date(year, month, day)
    except ValueError:
        message = "there is no such day"
        raise ValueError(message) from None


def _parts(text: str, order: DateOrder | None) -> tuple[int, int, int]:
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = match.groups()
        return int(year), int(month), int(day)
    if match := _YEAR_LAST.fullmatch(text):
        first, mark, second, year = match.groups()
        day, month = _day_month(int(first), int(second), "dmy" if mark == "." else order)
        return int(year), month, day
    if match := _DAY_MONTH.fullmatch(text):
        day, name, year = match.groups()
        return int(year), _month(name), int(day)
    if match := _MONTH_DAY.fullmatch(text):
        name, day, year = match.groups()
        return int(year), _month(name), int(day)
    message = "not a date; write it as 2023-12-31"
    raise ValueError(message)


def _day_month(first: int, second: int, order: DateOrder | None) -> tuple[int, int]:
    if first > 12 or first == second:
        return first, second
    if second > 12:
        return second, first
    if order is None:
        message = "day or month first? Say --date-order dmy or mdy, or write it as 2023-12-31"
        raise ValueError(message)
    return (first, second) if order == "dmy" else (second, first)


def _month(name: str) -> int:
    name = name.lower()
    for number, month in enumerate(_MONTHS, start=1):
        if month.startswith(name) or (name == "sept" and number == 9):
            return number
    message = "not a date; write it as 2023-12-31"
    raise ValueError(message)
