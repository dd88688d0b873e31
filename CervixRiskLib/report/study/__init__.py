"""The study report: what it says (:mod:`.document` and the sections), and how it is written as HTML, PDF and JSON."""
