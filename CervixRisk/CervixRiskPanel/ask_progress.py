"""How far the answer is: a bar, words and Cancel, shown once it takes longer than a blink."""

from slicer.i18n import tr as _

SHOWN_AFTER_SECONDS = 0.3


class AskProgress:
    """Shows the progress of ``questions`` in the widgets of ``AskStep.ui``."""

    def __init__(self, ui, questions, asking) -> None:
        self._ui = ui
        self._questions = questions
        self._asking = asking
        questions.changed.connect(self.show)

    def close(self) -> None:
        """Hear nothing any more."""
        self._questions.changed.disconnect(self.show)

    def show(self) -> None:
        """Show it as it is now."""
        progress, ui = self._questions.progress, self._ui
        visible = progress is not None and progress.seconds > SHOWN_AFTER_SECONDS
        ui.progressPanel.visible = visible
        if not visible:
            return
        # A bar without an end moves to and fro.
        most = progress.total or 0
        if ui.progressBar.maximum != most:
            ui.progressBar.maximum = most
        ui.progressBar.value = progress.done
        detail = f" ({progress.detail})" if progress.detail else ""
        doing = f"{progress.description}{detail}" if progress.description else _("Waiting for the prediction program")
        ui.progressLine.text = _("{title}: {doing}, {seconds:.0f}\u00a0s").format(
            title=progress.title, doing=doing, seconds=progress.seconds
        )
