"""A timer that fires once, a while after it was started last."""

import qt


def single_shot(milliseconds: int, slot):
    """A timer at rest; ``start()`` begins, or begins anew, what ends in one call of ``slot``."""
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
