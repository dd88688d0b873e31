"""The list of reproducible features: from a table to names, and what is said about where it comes from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.errors import SettingsError, TrainingError
from CervixRiskLib.plnm import TrainingSettings
from CervixRiskLib.plnm.icc_table import IccTable
from CervixRiskLib.plnm.reproducibility import ReproducibilityFilter, reproducible_names
from CervixRiskLib.plnm.reproducible_list import ReproducibleList
from CervixRiskLib.radiomics import load_preset
from CervixRiskLib.statistics.agreement_analyses import AgreementAnalysis, deciding_analyses

INTER, INTRA, PERTURBATION = AgreementAnalysis


def table(**columns):
    return pd.DataFrame(columns, index=pd.Index(list("abcd"), name="feature"))


EVERYTHING = table(
    inter_icc=[0.9, 0.6, 0.9, np.nan],
    inter_lower=[0.8, 0.3, 0.7, np.nan],
    intra_icc=[0.8, 0.9, 0.9, 0.9],
    intra_lower=[0.5, 0.8, 0.8, 0.8],
    perturbation_icc=[0.1, 0.9, 0.9, 0.9],
    perturbation_lower=[0.0, 0.8, 0.8, 0.8],
)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, "ac"),
        ({"rule": "both"}, "abcd"),
        ({"bound": "lower"}, ""),
        ({"bound": "lower", "rule": "both"}, "abcd"),
        ({"analyses": ["inter"]}, "ac"),
        ({"analyses": ["perturbation"]}, "bcd"),
        ({"analyses": ["perturbation", "inter"]}, "c"),
        ({"threshold": 0.85}, "c"),
    ],
)
def test_which_features_stay(options, kept):
    assert "".join(reproducible_names(EVERYTHING, **options)) == kept
    X = pd.DataFrame(np.zeros((3, 5)), columns=list("xdbca"))
    if kept:
        fitted = ReproducibilityFilter.from_table(EVERYTHING, **options).fit(X)
        assert set(X.columns[fitted.get_support()]) == set(kept)
        # As in a signature: bare values, and the names beside them.
        bare = ReproducibilityFilter(fitted.keep, tuple(X.columns)).fit(X.to_numpy())
        assert list(bare.get_support()) == list(fitted.get_support())


@pytest.mark.parametrize("columns", [None, ("a",)])
def test_names_need_the_name_of_every_column(columns):
    with pytest.raises(ValueError, match="name of every column"):
        ReproducibilityFilter(("a",), columns).fit(np.zeros((3, 2)))


def test_perturbation_decides_alone_only_where_no_reader_does():
    assert deciding_analyses([PERTURBATION]) == (PERTURBATION,)
    assert deciding_analyses([PERTURBATION, INTRA]) == (INTRA,)
    assert deciding_analyses(list(AgreementAnalysis)) == (INTER, INTRA)
    assert deciding_analyses(list(AgreementAnalysis), ["perturbation", "intra"]) == (INTRA, PERTURBATION)
    assert "".join(reproducible_names(EVERYTHING[["perturbation_icc"]])) == "bcd"
    for available, asked, words in (
        ([], None, "no agreement analysis"),
        ([INTER], ["intra"], "was not made"),
        ([INTER], ["both"], "choose from inter, intra, perturbation"),
        ([INTER], [], "No agreement analysis"),
    ):
        with pytest.raises(SettingsError, match=words):
            deciding_analyses(available, asked)


def test_a_bound_that_the_table_lacks_is_not_passed_over():
    half = table(inter_icc=[0.9] * 4, inter_lower=[0.8] * 4, intra_icc=[0.1] * 4)
    with pytest.raises(SettingsError, match="intra_lower"):
        reproducible_names(half, bound="lower")
    assert reproducible_names(half, bound="lower", analyses=["inter"]) == tuple("abcd")


def test_a_file_of_the_agreement_command_is_read_whole(tmp_path):
    path = tmp_path / "icc.csv"
    path.write_text("feature,feature_class,perturbation_icc,perturbation_lower,simulated\na,glcm,0.9,0.8,True\n")
    found = IccTable.read(path)
    assert (found.analyses, found.simulated, found.origin) == ((PERTURBATION,), True, "the table icc.csv")
    path.write_text("feature,inter_icc\na,\nb,-inf\n")
    found = IccTable.read(path)
    assert not found.simulated
    assert reproducible_names(found.values) == ()


def settings(**options):
    return TrainingSettings(networks=(), preset="slice2d", **options)


def known(**options):
    values = {"cases": {INTER: 50, INTRA: 50}, "preset_hash": load_preset("slice2d").content_hash, **options}
    return IccTable(EVERYTHING, "reader study 1", **values)


def listed(table=None, simulated=False, **options):
    return ReproducibleList.of(settings(**options), known() if table is None else table, simulated=simulated)


def test_what_is_said_of_a_list_like_the_papers():
    found = listed()
    assert found.deviations() == []
    assert found.sentence("abcde") == (
        "2 of 5 radiomic features are reproducible: ICC of at least 0.75 in each of inter-observer (50 cases) and "
        "intra-observer (50 cases); from reader study 1."
    )
    assert found.details("abcde") == {
        "origin": "reader study 1",
        "analyses": ["inter", "intra"],
        "between_people": True,
        "cases": {"inter": 50, "intra": 50},
        "rule": "either",
        "bound": "estimate",
        "threshold": 0.75,
        "kept": 2,
        "of": 5,
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"icc_analyses": ("perturbation",)}, "not from readers"),
        ({"icc_analyses": ("inter", "perturbation")}, "decide about features too"),
        ({"icc_analyses": ("intra",)}, "intra-observer analysis alone"),
        ({"icc_bound": "lower", "icc_rule": "both"}, "lower confidence bound"),
        ({"icc_threshold": 0.8}, "0.8"),
    ],
)
def test_every_departure_from_the_paper_is_told(options, words):
    assert any(words in sentence for sentence in listed(**options).deviations())


def test_fewer_cases_are_told():
    (sentence,) = listed(known(cases={INTER: 50, INTRA: 46})).deviations()
    assert "intra 46" in sentence
    assert "inter 50" not in sentence
    assert not listed(known(cases={})).deviations()


def test_perturbed_contours_are_named_in_the_sentence():
    found = listed(known(cases={PERTURBATION: 40}), icc_analyses=("perturbation",))
    assert "perturbed contours, not readers (40 cases)" in found.sentence("abcd")
    assert not found.details("abcd")["between_people"]


def test_no_table_keeps_everything_and_says_so():
    found = ReproducibleList.of(settings(), None, simulated=False)
    assert found.filter.keep is None
    assert "not filtered" in found.sentence("abcd")
    assert "not filtered" in found.deviations()[0]
    assert found.details("abcd") == {"origin": None, "kept": 4, "of": 4}


def test_tables_that_do_not_go_with_the_training(tmp_path):
    with pytest.raises(SettingsError, match="contradict"):
        listed(icc_table=tmp_path / "icc.csv")
    with pytest.raises(SettingsError, match="simulated"):
        listed(known(simulated=True))
    assert listed(known(simulated=True), simulated=True).kept("abcd") == 2
    with pytest.raises(SettingsError, match="another preset"):
        listed(known(preset_hash="0" * 64))
    for of_table, of_cohort in ((True, False), (False, True)):
        with pytest.raises(TrainingError, match="cannot be mixed"):
            listed(known(pixel_size_known=of_table)).check_pixel_size(of_cohort)
    listed(known(pixel_size_known=True)).check_pixel_size(True)
    listed(known()).check_pixel_size(False)
