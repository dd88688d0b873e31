"""What the panel remembers between runs: reader, folders, recent models. Nothing about a case."""

import qt


class PanelSettings:
    """Texts and flags under ``CervixRisk/`` in Slicer's settings."""

    GROUP = "CervixRisk"

    def text(self, key: str, default: str = "") -> str:
        value = qt.QSettings().value(f"{self.GROUP}/{key}")
        return default if value is None else str(value)

    def set_text(self, key: str, value: str) -> None:
        qt.QSettings().setValue(f"{self.GROUP}/{key}", value)

    def flag(self, key: str, default: bool = False) -> bool:
        # Settings files keep text alone.
        return self.text(key, "true" if default else "false") == "true"

    def set_flag(self, key: str, value: bool) -> None:
        self.set_text(key, "true" if value else "false")
