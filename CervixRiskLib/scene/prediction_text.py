"""The words of an answer, as everything that draws into a scene takes them; they are at home beside the answer."""

from __future__ import annotations

from ..bundle.prediction_text import AnswerText, answer_text, heat_map_caption, percent, pixel_size_text, range_text

__all__ = ["AnswerText", "answer_text", "heat_map_caption", "percent", "pixel_size_text", "range_text"]
