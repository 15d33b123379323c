"""The bytes of a file: the text in them, or why they are none that could be read."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE

from sparklineage.lint.readers import reader_for

LARGEST = 5_000_000
"""Bytes; nobody writes a configuration by hand that is larger."""
_LOOKED_AT = 8192
_ABOUT_SPARK = re.compile(r"(?i)spark|openlineage")


def decoded(data: bytes) -> str:
    """The text of a file, without a byte order mark, and with a sign for every byte that is no UTF-8."""
    return data.decode("utf-8-sig", errors="replace")


def trouble(data: bytes) -> str | None:
    """Why these bytes are not read, to follow the name of the file; None where they are."""
    if len(data) > LARGEST:
        return f"is larger than {LARGEST // 1_000_000} MB, so it is not read."
    if _utf16(data):
        return "is UTF-16, which neither Spark nor this command reads; save it as UTF-8."
    if b"\0" in data[:_LOOKED_AT]:
        return "is no text: it holds a zero byte, as only binary files do."
    return None


def is_meant(name: str, data: bytes) -> bool:
    """Whether a file that cannot be read is surely one of those to be checked, by its name and what is legible."""
    codec = _utf16(data)
    text = data.decode(codec, errors="replace") if codec else decoded(data)
    return reader_for(name, "") is not None and bool(_ABOUT_SPARK.search(name) or _ABOUT_SPARK.search(text))


def _utf16(data: bytes) -> str | None:
    """The codec, where this is UTF-16: by its mark, or by every second byte being zero."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    head = data[: min(_LOOKED_AT, len(data) // 2 * 2)]
    for zeros, letters, codec in ((head[1::2], head[::2], "utf-16-le"), (head[::2], head[1::2], "utf-16-be")):
        if zeros and zeros.count(0) > 0.8 * len(zeros) and letters.count(0) == 0:
            return codec
    return None
