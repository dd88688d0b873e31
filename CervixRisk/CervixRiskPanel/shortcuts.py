"""Keys that work while the module is open."""

import qt
import slicer


class Shortcuts:
    """Keys of the main window, from :meth:`install` to :meth:`remove`.

    A letter typed into a field stays a letter: fields take it before a shortcut does. A menu's own key that is one of
    these (Ctrl+S of "Save data") rests meanwhile, or Qt would call both ambiguous and neither would do anything.

    Parameters
    ----------
    actions
        Function by key, for example ``{"Ctrl+Return": submit}``.
    """

    def __init__(self, actions) -> None:
        self._actions = dict(actions)
        self._shortcuts = []
        self._resting = []

    def install(self) -> None:
        window = slicer.util.mainWindow()
        if window is None or self._shortcuts:
            return
        self._let_menus_rest(window)
        for keys, act in self._actions.items():
            shortcut = qt.QShortcut(window)
            shortcut.setKey(qt.QKeySequence(keys))
            # A key that is held down acts once.
            shortcut.autoRepeat = False
            shortcut.activated.connect(act)
            self._shortcuts.append(shortcut)

    def remove(self) -> None:
        for shortcut in self._shortcuts:
            shortcut.enabled = False
            shortcut.deleteLater()
        self._shortcuts = []
        for action, keys in self._resting:
            action.setShortcut(qt.QKeySequence(keys))
        self._resting = []

    def _let_menus_rest(self, window) -> None:
        taken = {qt.QKeySequence(keys).toString() for keys in self._actions}
        for child in window.children():
            # Actions are recognised by what they have: asking for the class differs between Qt's bindings.
            if not (hasattr(child, "shortcut") and hasattr(child, "menuRole")):
                continue
            keys = child.shortcut.toString()
            if keys in taken:
                self._resting.append((child, keys))
                child.setShortcut(qt.QKeySequence())
