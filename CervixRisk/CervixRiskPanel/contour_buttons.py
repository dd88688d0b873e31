"""What the buttons of step 2 say, and why one of them rests."""

from slicer.i18n import tr as _

from .tints import show_quietly


def show_buttons(ui, *, has_image: bool, has_contour: bool, round_, is_lost: bool) -> None:
    """Texts, tool tips and states of ``ContourStep.ui``.

    Parameters
    ----------
    round_
        The open :class:`~CervixRiskLib.workflow.study_round.StudyRound`, ``None`` for an own case.
    is_lost
        The round's case is not in the scene any more.
    """
    in_study = round_ is not None
    _show_modes(ui, in_study)
    _show_drawing(ui, has_image)
    _show_files(ui, has_image, has_contour, in_study)
    if in_study:
        _show_submit(ui, round_, is_lost)
    _show_keys(ui, in_study)


def _show_modes(ui, in_study: bool) -> None:
    ui.ownButton.enabled = ui.studyButton.enabled = not in_study
    if in_study:
        ui.ownButton.toolTip = ui.studyButton.toolTip = _("A study round is open. Leave the study first.")
        return
    ui.ownButton.toolTip = _("A case of yours: draw, ask, save the contour where you like.")
    ui.studyButton.toolTip = _("Your cases of a reader study, one after the other, without predictions.")


def _show_drawing(ui, has_image: bool) -> None:
    ui.drawButton.enabled = ui.openButton.enabled = has_image
    if not has_image:
        ui.drawButton.toolTip = ui.openButton.toolTip = _("Open an image in step 1 first.")
        return
    ui.drawButton.toolTip = _("Begin this reader's contour on the slice that the view shows (D).")
    ui.openButton.toolTip = _("Take a contour of this image from a .seg.nrrd file: yours, or a colleague's beside it.")


def _show_files(ui, has_image: bool, has_contour: bool, in_study: bool) -> None:
    ui.saveButton.text = _("Save draft") if in_study else _("Save…")
    ui.deleteButton.text = _("Start anew") if in_study else _("Delete")
    ui.saveButton.enabled = ui.deleteButton.enabled = has_contour
    if not has_contour:
        ui.saveButton.toolTip = ui.deleteButton.toolTip = _("Nothing is drawn yet.")
    elif in_study:
        ui.saveButton.toolTip = _("Keep the contour on this computer (Ctrl+S). That happens by itself, too.")
        ui.deleteButton.toolTip = _("Throw away what is drawn on this case.")
    else:
        ui.saveButton.toolTip = _("Write the contour as .seg.nrrd, with reader and round (Ctrl+S).")
        ui.deleteButton.toolTip = _("Take this reader's contour out of the scene. Another slice can be chosen then.")


def _show_submit(ui, round_, is_lost: bool) -> None:
    if is_lost:
        words, help_text = _("Open the case again"), _("The case is not in the scene any more (Ctrl+Return).")
    elif round_.handed_in:
        words, help_text = _("Next case"), _("This case is submitted. Open the next one (Ctrl+Return).")
    else:
        words = _("Submit, next case")
        help_text = _("Close the line with Enter, then hand your contour in and open the next case (Ctrl+Return).")
    ui.submitButton.text, ui.submitButton.toolTip = words, help_text


def _show_keys(ui, in_study: bool) -> None:
    # Slicer's Draw fills a line only when it is closed; handing in before would lose it.
    keys = [_("D draw"), _("Enter closes the line"), _("P paint"), _("E erase"), _("Ctrl+Z undo"), _("Ctrl+S save")]
    if in_study:
        keys.append(_("Ctrl+Return submit, next"))
    show_quietly(ui.keysLabel, _("Keys: {keys}").format(keys=" · ".join(keys)))
