"""A study that answers at once, or misbehaves as its case's name says; for tests of what asks.

``program`` is an answering program for a real ``PredictionWorker``, ``fixtures`` makes models for it.
"""
