"""The nomogram in a window of its own, as wide as the person makes it."""

import qt
from slicer.i18n import tr as _

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK

from .painted_label import PaintedLabel

_WIDTH = 820


class NomogramWindow:
    """Shows one drawing; stays beside the panel until it is closed."""

    def __init__(self, parent) -> None:
        self._dialog = qt.QDialog(parent)
        self._dialog.windowTitle = _("Nomogram")
        layout = qt.QVBoxLayout(self._dialog)
        self._label = qt.QLabel(self._dialog)
        self._notice = qt.QLabel(self._dialog)
        self._notice.wordWrap = True
        layout.addWidget(self._label)
        layout.addWidget(self._notice)
        layout.addStretch(1)
        self._painted = PaintedLabel(self._label)

    def open(self, drawing, simulated: bool) -> None:
        """Show ``drawing``, and say so where its model is a simulated one."""
        self._notice.text = f"{SIMULATED_MARK} {RESEARCH_USE_NOTICE}" if simulated else RESEARCH_USE_NOTICE
        self._painted.show(drawing)
        if not self._dialog.visible:
            self._dialog.resize(_WIDTH, 10)
        self._dialog.show()
        self._dialog.raise_()

    def hide(self) -> None:
        """The answer has gone."""
        self._dialog.hide()
        self._painted.show(None)

    def close(self) -> None:
        self._painted.close()
        self._dialog.close()
        self._dialog.deleteLater()
