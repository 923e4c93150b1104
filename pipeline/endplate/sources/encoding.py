"""From bytes to text, line by line, whatever wrote the file.

UTF-8 (with or without BOM) is expected; a line that is not UTF-8 is read as Windows-1252, and the
file is named in a note. UTF-16 is known by its BOM. Line ends stay as they are: offsets refer to
the text as it was read.
"""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, cast

from endplate.sources.notes import FileNotes

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


#: Said of a file whose text :func:`clean` has changed.
CLEANED: Final = (
    "holds characters that no output can hold (NUL, lone surrogates); each was replaced by one "
    "other, a blank or U+FFFD"
)


def clean(text: str) -> str:
    """Replace what no output can hold, one character by one, so that offsets stay.

    A lone surrogate becomes U+FFFD, a NUL a blank.
    """
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return text.replace("\0", " ")


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading, unpacking ``.gz``."""
    if path.suffix.lower() == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def text_lines(handle: BinaryIO, notes: FileNotes) -> Iterator[str]:
    """Yield the decoded lines of a file with their line ends; joined they are its text."""
    lines: Iterator[bytes] = iter(handle)
    first = next(lines, b"")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _utf16_lines(chain([first], lines))
        return
    yield decode(first.removeprefix(codecs.BOM_UTF8), notes)
    for line in lines:
        yield decode(line, notes)


def decode(raw: bytes, notes: FileNotes) -> str:
    """Decode bytes as UTF-8, else as Windows-1252; say once per file what was not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        # Exports of UTF-16 systems hold half characters; the rest of such a line is good UTF-8.
        text = clean(raw.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        notes.once("not UTF-8; what is not was read as Windows-1252 (cp1252)")
        return raw.decode("cp1252", "replace")
    notes.once(CLEANED)
    return text


def _utf16_lines(raw: Iterator[bytes]) -> Iterator[str]:
    rest = ""
    for piece in codecs.iterdecode(raw, "utf-16", "replace"):
        *lines, rest = (rest + piece).split("\n")
        yield from (f"{line}\n" for line in lines)
    if rest:
        yield rest
