"""Fonts that have the signs a page needs: names of cases and readers are not always Latin."""

from __future__ import annotations

_FIRST = "DejaVu Sans"
# What Windows, macOS and Linux come with.
_FURTHER = (
    "Microsoft YaHei", "SimHei", "PingFang SC", "Heiti SC", "Hiragino Sans GB", "Noto Sans CJK SC", "Noto Sans SC",
    "WenQuanYi Micro Hei", "Droid Sans Fallback", "Yu Gothic", "Malgun Gothic", "Nirmala UI", "Arial Unicode MS",
)  # fmt: skip


def families_for(words: str) -> list[str]:
    """The house's font, then those installed ones that have what it lacks; signs that none has stay empty boxes."""
    from matplotlib.font_manager import fontManager

    missing = _lacking(_FIRST, {sign for sign in words if sign.isprintable()})
    found = [_FIRST]
    installed = {entry.name for entry in fontManager.ttflist} if missing else set()
    for family in _FURTHER:
        if missing and family in installed:
            still = _lacking(family, missing)
            if still < missing:
                found.append(family)
                missing = still
    return found


def _lacking(family: str, signs: set[str]) -> set[str]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties(family=[family]))).get_charmap()
    return {sign for sign in signs if ord(sign) not in known}
