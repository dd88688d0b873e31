"""What a saved scene keeps of the panel, in the module's parameter node."""

import json

from CervixRiskLib.errors import CervixRiskError


class PanelMemory:
    """Writes the session into the parameter node whenever it changes, and reads it back after a scene was loaded.

    Parameters
    ----------
    parameter_node
        Gives the wrapped parameter node of the scene as it is now.
    """

    def __init__(self, context, parameter_node) -> None:
        self._context = context
        self._parameter_node = parameter_node
        self._busy = False
        session = context.session
        self._signals = (session.image_changed, session.clinical_changed, session.reading_changed)
        for signal in self._signals:
            signal.connect(self.write)

    def write(self) -> None:
        """Keep the case as it is."""
        if self._busy:
            return
        session, node = self._context.session, self._parameter_node()
        node.volume = session.volume
        node.caseName = session.case_id
        node.reader, node.readingRound = session.reader, session.reading_round
        node.clinical = json.dumps(session.clinical)
        display = self._context.slices.heat_map
        node.opacity, node.threshold = display.opacity, display.threshold

    def read(self) -> None:
        """Take up the case that a loaded scene holds; nothing happens where it holds none of ours.

        Raises
        ------
        CervixRiskError
            The case cannot be taken up.
        """
        from CervixRiskLib.scene import HeatMapDisplay
        from CervixRiskLib.scene.case_folder import CASE

        session, node = self._context.session, self._parameter_node()
        if node.volume is None or session.blinded:
            return
        self._busy = True
        try:
            self._context.slices.heat_map = HeatMapDisplay(node.threshold, node.opacity)
            if node.reader:
                session.set_reading(node.reader, node.readingRound)
            # The name on the image: a case that was loaded beside one of the same name has another by now.
            session.open_volume(node.volume, node.volume.GetAttribute(CASE) or node.caseName)
            for name, text in _texts(node.clinical).items():
                session.set_clinical(name, text)
            session.take_stored_answer(self._context.slices.heat_map)
        finally:
            self._busy = False

    def close(self) -> None:
        for signal in self._signals:
            signal.disconnect(self.write)


def _texts(stored: str) -> dict[str, str]:
    if not stored:
        return {}
    try:
        values = json.loads(stored)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise CervixRiskError("The clinical values of this scene are damaged. Type them again.")
    return {str(name): str(text) for name, text in values.items()}
