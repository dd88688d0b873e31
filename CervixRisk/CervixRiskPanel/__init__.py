"""The panel: widgets bound to :mod:`CervixRiskLib.workflow`. One file a step."""
