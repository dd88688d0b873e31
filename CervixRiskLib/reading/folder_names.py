"""Folder names for readers and cases, whatever they are called.

What people type is kept in the database as it is. On the disk stands a name that every file system takes: plain
letters, digits, ``-``, ``_`` and single dots; with a piece of the name's hash where something had to be changed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from ..errors import ReadingError

LONGEST_NAME = 200
_LONGEST_FOLDER = 48
_HASH_DIGITS = 8
# Names that Windows keeps for devices, with or without an extension.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$|clock\$)(\..*)?")
# Without them some names cannot be written: Persian has a joiner within words, some pictures hold together by one.
_JOINERS = "\u200c\u200d"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def clean_name(text: str, what: str) -> str:
    """The name of a reader or a case in composed form (NFC) without blanks around it.

    Raises
    ------
    ReadingError
        It is empty, longer than 200 characters, or holds signs that cannot be seen; ``what`` says whose name it is.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not name.strip(_JOINERS):
        raise ReadingError(f"The {what} has no name: give one.")
    if len(name) > LONGEST_NAME:
        raise ReadingError(f"The name of the {what} is longer than {LONGEST_NAME} characters: shorten it.")
    # Control, format, surrogate and unassigned characters, and line and paragraph separators.
    seen = name.translate(dict.fromkeys(map(ord, _JOINERS)))
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"} for sign in seen):
        raise ReadingError(f"The name of the {what} holds a sign that cannot be seen: type it again.")
    return name


def folder_name(name: str, taken: Iterable[str] = ()) -> str:
    """A folder name for ``name`` that none of ``taken`` equals, also where upper and lower case are one.

    The same ``name`` gives the same folder as long as it is not taken.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _NOT_PLAIN.sub("-", plain)
    plain = re.sub(r"\.{2,}", ".", plain)[:_LONGEST_FOLDER].strip("-. ")
    used = {other.casefold() for other in taken}
    if plain and plain == name and plain.casefold() not in used and not _RESERVED.fullmatch(plain):
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    stem = plain if plain and not _RESERVED.fullmatch(plain) else f"x-{plain}".rstrip("-")
    stem = stem.replace(".", "-")
    for digits in range(_HASH_DIGITS, len(digest) + 1):
        folder = f"{stem}~{digest[:digits]}"
        if folder.casefold() not in used:
            return folder
    raise ReadingError("Two names in this study cannot be told apart: rename one of them.")
