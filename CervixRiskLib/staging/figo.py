"""FIGO 2018 stages of cervical cancer, however they are written, and the treatment group each belongs to.

Stages: Bhatla et al., Int J Gynecol Obstet 2019;145:129-135, with the corrigendum 2019;147:279-280 (at most 2 cm, over
2 to 4 cm, over 4 cm). Groups: Dai et al. 2025 (doi 10.3389/fonc.2025.1557486), after the guideline of ESGO, ESTRO and
ESP, update 2023 (Cibula et al., Int J Gynecol Cancer 2023;33:649-666): surgery for IA to IB2 and IIA1,
chemoradiotherapy or systemic treatment for IB3 and IIA2 to IVB.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from ..cohort.shown_text import shown
from ..errors import CohortError

GUIDELINE = "ESGO-ESTRO-ESP 2023"
"""The guideline behind the groups; doi 10.1136/ijgc-2023-004429."""

FIGO_2018_STAGES: tuple[str, ...] = (
    "IA", "IA1", "IA2", "IB1", "IB2", "IB3", "IIA1", "IIA2", "IIB",
    "III", "IIIA", "IIIB", "IIIC", "IIIC1", "IIIC2", "IV", "IVA", "IVB",
)  # fmt: skip
"""Stages that belong to one group. IA, III, IIIC and IV do although they have sub-stages; I, IB, II and IIA do not."""

_SURGERY = frozenset({"IA", "IA1", "IA2", "IB1", "IB2", "IIA1"})
_DIVIDED = {
    "I": "IA to IB2 (at most 4 cm) belong to surgery and IB3 (larger) to chemoradiotherapy",
    "IB": "IB1 and IB2 (at most 4 cm) belong to surgery and IB3 (larger) to chemoradiotherapy",
    "II": "IIA1 (at most 4 cm, no parametrium) belongs to surgery, IIA2 and IIB to chemoradiotherapy",
    "IIA": "IIA1 (at most 4 cm) belongs to surgery and IIA2 (larger) to chemoradiotherapy",
}
_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}
_LONGEST = 80
_WORDS = re.compile(r"FIGO|STAGE|STADIUM|STADIO|ESTADIO|STADE|期")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TNM = re.compile(r"[CPYRAM]*T(?:[0-4X]|IS)|.*N[0-3X].*M[01X]")
# What people put between the parts. Anything else ("?", "<", "/", "+") says something and is not passed over.
_GAPS = re.compile(r"[\s\-‐‑‒–—−._,:()\[\]]+")
_STAGE = re.compile(r"([IVX]+|\d) ?([A-Z])? ?(\d)? ?([RP])?")


class TreatmentGroup(str, Enum):
    """What the stage points to; the text is the name of the group in a cohort."""

    SURGERY = "surgery"
    CHEMORADIOTHERAPY = "chemoradiotherapy"

    def __str__(self) -> str:
        return self.value


GROUP_NAMES: tuple[str, ...] = tuple(group.value for group in TreatmentGroup)
"""Names of the groups in the order of their codes: outcome 0 is surgery, outcome 1 chemoradiotherapy."""


@dataclass(frozen=True)
class FigoStage:
    """A stage of FIGO 2018 that belongs to one treatment group.

    Parameters
    ----------
    code
        One of :data:`FIGO_2018_STAGES`, for instance ``"IIIC1"``.
    evidence
        How the lymph nodes of a stage IIIC were found: ``"r"`` on imaging, ``"p"`` by pathology; else ``""``.
    """

    code: str
    evidence: Literal["", "r", "p"] = ""

    def __post_init__(self) -> None:
        if self.code not in FIGO_2018_STAGES:
            raise ValueError(f"{self.code!r} is not one of FIGO_2018_STAGES.")
        if self.evidence and not self.code.startswith("IIIC"):
            raise ValueError(f"{self.code} has no evidence of lymph nodes.")

    def __str__(self) -> str:
        return self.code + self.evidence


def parse_stage(text: str) -> FigoStage:
    """The stage that ``text`` names, in any usual way of writing it.

    Capitals, spaces, hyphens, points and brackets do not matter; Arabic numbers (``2a1``), Unicode's Roman numerals,
    full-width letters, the words FIGO, stage and the year 2018 are understood.

    Raises
    ------
    CohortError
        There is no such stage in FIGO 2018; it is not one (TNM, another year, a range, a doubt); or its sub-stages
        belong to different treatment groups. The sentence gives the reason.
    """
    name = shown(text)
    if not text.strip():
        raise CohortError("The FIGO stage is empty: write it like IB3, IIA2 or IIIC1r.")
    plain = unicodedata.normalize("NFKC", text[: _LONGEST + 1]).upper()
    plain = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in plain)
    years = set(_YEAR.findall(plain))
    plain = _GAPS.sub(" ", _YEAR.sub(" ", _WORDS.sub(" ", plain))).strip()
    if _TNM.match(plain):
        raise CohortError(f"'{name}' is a TNM category, not a FIGO stage: write the FIGO 2018 stage.")
    match = _STAGE.fullmatch(plain) if len(text) <= _LONGEST else None
    if match is None:
        raise CohortError(f"'{name}' cannot be read as a FIGO 2018 stage: write one stage, like IB3, IIA2 or IIIC1r.")
    number, letter, part, evidence = (found or "" for found in match.groups())
    code = f"{_ROMAN.get(number, number)}{letter}{part}"
    if years - {"2018"}:
        raise CohortError(_other_edition(name, code, years))
    if code in _DIVIDED:
        raise CohortError(
            f"FIGO stage '{name}' cannot be placed: {_DIVIDED[code]} ({GUIDELINE}). Write the stage with its number."
        )
    if code not in FIGO_2018_STAGES:
        raise CohortError(f"There is no stage '{name}' in FIGO 2018: {_existing(code)}.")
    if not evidence:
        return FigoStage(code)
    if not code.startswith("IIIC"):
        raise CohortError(f"In FIGO stage '{name}' the {evidence.lower()} has no place: it belongs to IIIC only.")
    return FigoStage(code, "r" if evidence == "R" else "p")


def treatment_group(stage: FigoStage | str) -> TreatmentGroup:
    """The group of a stage or of its text; as ``stage_group`` it lets a cohort carry stages for outcomes.

    Raises
    ------
    CohortError
        The text is not a stage that belongs to one group; see :func:`parse_stage`.
    """
    code = (parse_stage(stage) if isinstance(stage, str) else stage).code
    return TreatmentGroup.SURGERY if code in _SURGERY else TreatmentGroup.CHEMORADIOTHERAPY


def guideline_sentence(stage: FigoStage | str) -> str:
    """What the guideline says of patients in this stage, in one sentence of our own words that names it.

    Raises
    ------
    CohortError
        See :func:`parse_stage`.
    """
    found = parse_stage(stage) if isinstance(stage, str) else stage
    return f"FIGO 2018 {found}: {_advice(found.code)} ({GUIDELINE})."


def _advice(code: str) -> str:
    if code.startswith("IA"):
        return "surgery, from conisation to hysterectomy by depth of invasion and lymphovascular space involvement"
    if code in _SURGERY:
        return (
            "the tumour measures at most 4 cm and is confined to cervix or upper vagina, so radical surgery with lymph "
            "node staging is preferred while no node is involved"
        )
    if code in ("IB3", "IIA2"):
        return (
            "the tumour is larger than 4 cm, so concurrent platinum-based chemoradiotherapy with image-guided "
            "brachytherapy is preferred to surgery"
        )
    if code.startswith("IIIC"):
        return (
            "pelvic or para-aortic lymph nodes are involved, so definitive chemoradiotherapy with brachytherapy is "
            "advised and the radiation field follows the nodes"
        )
    if code == "IVB":
        return "there are distant metastases, so systemic treatment, for some with radiotherapy, is advised"
    if code == "IV":
        return (
            "the tumour has left the true pelvis or invades bladder or rectum, so chemoradiotherapy or, with distant "
            "metastases, systemic treatment is advised"
        )
    return (
        "the tumour has spread from the cervix to parametrium, lower vagina, pelvic wall or neighbouring organs, "
        "so definitive chemoradiotherapy with image-guided brachytherapy is advised"
    )


def _other_edition(name: str, code: str, years: set[str]) -> str:
    if "2009" not in years or len(years) > 1:
        return f"'{name}' is not a stage of FIGO 2018: write that one."
    if code in ("IB1", "IB2"):
        now = "IB3" if code == "IB2" else "IB1 (at most 2 cm) or IB2 (larger)"
        size = "larger than 4 cm" if code == "IB2" else "at most 4 cm"
        change = f"{code} was {size} then, which is {now} now"
    else:
        change = "IB1 of 2009 is IB1 (at most 2 cm) or IB2 now and IB2 is IB3; the others kept their names"
    return f"'{name}' is FIGO 2009: {change}, and with involved lymph nodes it is IIIC. Write the stage of FIGO 2018."


def _existing(code: str) -> str:
    number = re.match(r"[IVX]+|\d", code)
    stages = [stage for stage in FIGO_2018_STAGES if number and re.fullmatch(rf"{number.group()}([ABC]\d?)?", stage)]
    if stages:
        return f"the stages that can be used are {', '.join(stages)}"
    return "stages go from IA1 to IVB" + (" (carcinoma in situ has none)" if code.startswith("0") else "")
