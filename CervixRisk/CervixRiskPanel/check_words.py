"""Lines about an answer's checks: the contour moved by one pixel, and other readers' contours."""

from slicer.i18n import tr as _


def sensitivity_words(run):
    """The line, empty where there is nothing to say; and whether the class hangs on a pixel."""
    if run is None or not run.total or not (run.begun or run.interrupted):
        return "", False
    result = run.result
    if result is None:
        if run.running or run.interrupted:
            return _("{done} of {total} …").format(done=run.done, total=run.total), False
        return _("could not be computed"), False
    words = result.text
    if result.left_out:
        words += "\n" + _("without {variants}").format(variants="; ".join(result.left_out))
    if result.failures:
        names = ", ".join(name for name, _sentence in result.failures)
        words += "\n" + _("no answer for {variants}").format(variants=names)
    return words, result.crosses_threshold


def readers_words(comparison):
    """One line for each other contour; empty without one."""
    if comparison is None:
        return ""
    lines = "\n".join(f"{answer.name}: {answer.text}" for answer in comparison.answers)
    # A per cent sign stays with its number.
    return lines.replace(" %", "\N{NO-BREAK SPACE}%")
