"""FIGO stages: what is understood, which group it belongs to, and what is refused with which reason."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import CohortError
from CervixRiskLib.staging import (
    FIGO_2018_STAGES,
    GROUP_NAMES,
    FigoStage,
    TreatmentGroup,
    guideline_sentence,
    parse_stage,
    treatment_group,
)

# The rule as the paper prints it (Dai et al. 2025, 2.2): IA to IB2 and IIA1 against IB3 and IIA2 to IVB.
SURGERY = {"IA", "IA1", "IA2", "IB1", "IB2", "IIA1"}
ARABIC = {"IV": "4", "III": "3", "II": "2", "I": "1"}


@pytest.mark.parametrize("code", FIGO_2018_STAGES)
def test_every_stage_has_its_group(code: str) -> None:
    assert parse_stage(code) == FigoStage(code)
    expected = TreatmentGroup.SURGERY if code in SURGERY else TreatmentGroup.CHEMORADIOTHERAPY
    assert treatment_group(code) is treatment_group(FigoStage(code)) is expected
    sentence = guideline_sentence(code)
    assert sentence.startswith(f"FIGO 2018 {code}: ")
    assert "ESGO-ESTRO-ESP 2023" in sentence
    advice = {"surgery": "surgery", "chemoradiotherapy": "chemoradiotherapy|systemic treatment"}[expected.value]
    assert re.search(advice, sentence)
    assert "  " not in sentence


def test_the_names_of_the_groups_are_the_codes() -> None:
    assert GROUP_NAMES == ("surgery", "chemoradiotherapy")
    assert str(treatment_group("IB3")) == "chemoradiotherapy"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IB3", "IB3"),
        ("FIGO IIA-2", "IIA2"),
        ("ib2", "IB2"),
        ("Stage 1B2", "IB2"),
        ("2a1", "IIA1"),
        ("Ⅱa1", "IIA1"),
        ("ⅣＢ", "IVB"),
        ("ＩＢ３", "IB3"),
        ("IB₂", "IB2"),
        ("ⅠB2期", "IB2"),
        ("\u0663B", "IIIB"),
        ("FIGO 2018 IIIC1r", "IIIC1r"),
        ("FIGO2018 IIIC2 (p)", "IIIC2p"),
        ("iiic r", "IIICr"),
        ("stage IIB (FIGO 2018)", "IIB"),
        ("Stadium II.A.1", "IIA1"),
        ("  I–B—3 ", "IB3"),
        ("4", "IV"),
    ],
)
def test_written_forms(text: str, code: str) -> None:
    assert str(parse_stage(text)) == code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("IB", r"IB1 and IB2 \(at most 4 cm\) belong to surgery and IB3 \(larger\)"),
        ("FIGO 1b", "cannot be placed"),
        ("IIA", r"IIA1 \(at most 4 cm\) belongs to surgery and IIA2"),
        ("I", "cannot be placed"),
        ("stage 2", "cannot be placed"),
        ("IIC", "no stage 'IIC' in FIGO 2018: the stages that can be used are IIA1, IIA2, IIB"),
        ("IB4", "no stage 'IB4'"),
        ("IIB1", "no stage"),
        ("IIIC3", "no stage"),
        ("IVC", "the stages that can be used are IV, IVA, IVB"),
        ("IIII", "no stage"),
        ("V", "no stage 'V'"),
        ("5", "no stage '5'"),
        ("0", "carcinoma in situ has none"),
        ("", "is empty"),
        (" \t", "is empty"),
        ("T1b1", "TNM"),
        ("pT2a1 N0 M0", "TNM"),
        ("Tis", "TNM"),
        ("IB2 (FIGO 2009)", "larger than 4 cm then, which is IB3 now"),
        ("2009: 1b1", r"IB1 \(at most 2 cm\) or IB2"),
        ("IIIB FIGO 2009", "kept their names"),
        ("IB2 FIGO 1994", "not a stage of FIGO 2018"),
        ("IA1p", "belongs to IIIC only"),
        ("IIBr", "belongs to IIIC only"),
        ("unknown", "cannot be read"),
        ("IB3" + " " * 100, "cannot be read"),
    ],
)
def test_refusals_say_why(text: str, reason: str) -> None:
    for asked in (parse_stage, treatment_group, guideline_sentence):
        with pytest.raises(CohortError, match=reason):
            asked(text)


@pytest.mark.parametrize(
    "text",
    ["I-II", "I/II", "I II", "IA-IB2", "IIA1/IIA2", "IIA1-2", "IIIC1,2", "≥IB3", "<IB3", "IB3?", "IB2+", "not IB3"],
)
def test_ranges_and_doubts_are_not_read_as_one_stage(text: str) -> None:
    with pytest.raises(CohortError, match="cannot be read"):
        parse_stage(text)


@settings(deadline=None, max_examples=300)
@given(st.text() | st.text("IVX1234ABCabcrpRP0 -–./()TNM2089FIGOⅡⅣ期"))
def test_any_text_gives_a_stage_or_a_sentence(text: str) -> None:
    try:
        stage = parse_stage(text)
    except CohortError as error:
        sentence = str(error)
    else:
        assert parse_stage(str(stage)) == stage
        sentence = guideline_sentence(stage)
    assert sentence.endswith(".")
    assert len(sentence) < 400


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(FIGO_2018_STAGES),
    st.sampled_from(["", "r", "p"]),
    st.lists(st.text(" -._,:()[]–\u00a0\t", max_size=3), min_size=5, max_size=5),
    st.sampled_from(["", "FIGO", "stage", "FIGO 2018 stage"]),
    st.booleans(),
    st.sampled_from([str.upper, str.lower, str.title]),
)
def test_case_gaps_and_numerals_do_not_matter(code, evidence, gaps, prefix, arabic, case) -> None:  # type: ignore[no-untyped-def]
    evidence = evidence if code.startswith("IIIC") else ""
    number = next(roman for roman in ARABIC if code.startswith(roman))
    parts = [ARABIC[number] if arabic else number, *code[len(number) :], evidence]
    text = prefix + "".join(gap + part for gap, part in zip(gaps, parts, strict=False)) + gaps[-1]
    if prefix.endswith("2018"):
        text = text.replace("2018", "2018 ")
    assert parse_stage(case(text)) == FigoStage(code, evidence)


def test_a_stage_made_by_hand_is_checked() -> None:
    with pytest.raises(ValueError, match="FIGO_2018_STAGES"):
        FigoStage("IB")
    with pytest.raises(ValueError, match="evidence"):
        FigoStage("IB1", "r")
