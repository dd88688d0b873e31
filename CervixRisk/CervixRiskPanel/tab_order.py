"""The Tab key goes down the panel as the eye does, through what was built later too."""

import qt


def follow_layout(widget) -> None:
    """Let Tab visit what stands in ``widget`` in the order of its layouts, not of its making."""
    before = None
    for child in _in_order(widget.layout()):
        if before is not None:
            qt.QWidget.setTabOrder(before, child)
        before = child


def _in_order(layout):
    """Every widget of ``layout``, and of what is laid out in it, that takes the focus."""
    for index in range(0 if layout is None else layout.count()):
        item = layout.itemAt(index)
        child = item.widget()
        if child is None:
            yield from _in_order(item.layout())
            continue
        if child.focusPolicy != qt.Qt.NoFocus:
            yield child
        yield from _in_order(child.layout())
