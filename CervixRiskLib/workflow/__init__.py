"""One case from slice to answer, and a reader's work-list, without any widget.

What Slicer's panel binds to, and whatever else shows the same work. Import from the modules themselves; importing the
room loads nothing.
"""
