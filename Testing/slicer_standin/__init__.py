"""A stand-in for the Slicer application: ``qt``, ``ctk`` and ``slicer`` for the time of a test.

MRML, module logics and VTK are Slicer's own, from slicer-core, and so is ``slicer.util``; widgets are PySide6's, drawn
off-screen. What only the application has (``slicer.app``, scripted modules, the parameter node wrapper, the segment
editor's widget, ...) is written here from its documented behaviour. It implements only what exists in Slicer:
:mod:`slicer_standin.names` names the source file of everything.

Use it through :func:`slicer_standin.session.slicer_session` or the pytest fixture in :mod:`slicer_standin.fixtures`.
"""
