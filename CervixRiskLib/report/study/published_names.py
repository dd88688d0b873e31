"""Which row of the published tables stands beside a model, a characteristic or a predictor of ours."""

from __future__ import annotations

import re

from ...bundle.study_record import ModelTable
from .published_plnm import TABLE_1, TABLE_2, TABLES, Published, PublishedOddsRatio

# fmt: off
_WORDS: dict[ModelTable, tuple[tuple[str, str], ...]] = {
    ModelTable.RADIOMICS_CLASSIFIERS: (
        ("logistic", "LR"), ("support", "SVM"), ("svm", "SVM"), ("nearest", "KNN"), ("knn", "KNN"),
        ("forest", "RandomForest"), ("extra", "ExtraTrees"), ("xgb", "XGBoost"), ("lightgbm", "LightGBM"),
        ("perceptron", "MLP"), ("mlp", "MLP"),
    ),
    ModelTable.NETWORKS: (("densenet121", "DenseNet121"), ("alexnet", "AlexNet"), ("resnet50", "ResNet50")),
    ModelTable.MODELS: (("nomogram", "Nomogram"), ("radiomics", "Radiomics"), ("network", "DTL"), ("fusion", "Fusion")),
}
_WORDS[ModelTable.FUSION_CLASSIFIERS] = _WORDS[ModelTable.RADIOMICS_CLASSIFIERS]
_CHARACTERISTICS = (
    ({"diameter", "max diameter", "maximal diameter", "maximum diameter", "largest diameter"},
     "Maximum diameter (mm)", "Maximum tumor diameter"),
    ({"rbc", "red blood cell", "red blood cells"}, "RBC count (10¹²/L)", "RBC count"),
    ({"wbc", "white blood cell", "white blood cells"}, "WBC count (10⁹/L)", "WBC count"),
    ({"eosinophil", "eosinophils"}, "Eosinophil count (10⁹/L)", "Eosinophil count"),
    ({"alp", "alkaline phosphatase"}, "ALP (U/L)", "ALP"),
    ({"ca125", "ca 125"}, "CA125 (U/mL)", "CA125"),
    ({"ca153", "ca 153"}, "CA153 (U/mL)", "CA153"),
    ({"ca199", "ca 199"}, "CA199 (U/mL)", "CA199"),
    ({"cea", "carcinoembryonic antigen"}, "CEA (U/mL)", "CEA"),
    ({"scc", "scc antigen", "squamous cell carcinoma antigen"}, "SCC antigen (ng/mL)", "SCC antigen"),
    ({"parturition", "parity"}, "Parturition", "Parturition"),
    ({"abortion", "abortions"}, "Abortion", "Abortion"),
    ({"bmi", "body mass index"}, "BMI", "BMI"),
    ({"histology", "histological", "histologic"}, "Histology", "Histology"),
    ({"age"}, "Age", "Age"),
)
"""Names of a characteristic without what :data:`_FILLERS` adds, and how Tables 1 and 2 print it."""
# fmt: on
_FILLERS = {"tumor", "tumour", "count", "level", "serum", "type"}
_WITH_UNIT = re.compile(r"(.*\S)\s*\(([^()]*)\)")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", "^×· *")


def published_rows(table: ModelTable, name: str) -> tuple[Published, Published] | None:
    """What was printed of the model that has our ``name``: training and testing; ``None`` where there is nothing."""
    low = name.lower().replace("-", "").replace("_", " ")
    if "," in low or " alone" in low:
        return None
    for word, printed in _WORDS.get(table, ()):
        if word in low:
            return TABLES[table][printed]
    return None


def published_characteristic(label: str, side: int) -> tuple[str, str, str] | None:
    """Table 1 for the characteristic of that label: negative, positive, p; ``side`` 0 is training, 1 testing."""
    own = label.strip()
    # "Others" may be a level of any category.
    known = own != "Others" and any(row[0] == own for row in TABLE_1)
    printed = own if known else _printed_name(label, 0)
    row = next((row for row in TABLE_1 if row[0] == printed), None)
    if row is None or side > 1:
        return None
    first = 2 + 4 * side
    return row[first], row[first + 1], row[first + 2]


def published_odds_ratio(label: str) -> PublishedOddsRatio | None:
    """Table 2 for the predictor of that label."""
    if ":" in label:
        # One level of a category: the paper has one odds ratio for the whole of it.
        return None
    printed = _printed_name(label, 1)
    return next((row for row in TABLE_2 if row.name == printed), None)


def _printed_name(label: str, table: int) -> str:
    """Only the same characteristic in the same unit: a minimum is no maximum, and a centimetre no millimetre."""
    name, unit = _parts(label)
    for names, *printed in _CHARACTERISTICS:
        if name in names:
            theirs = _parts(printed[0])[1]
            return printed[table] if not unit or not theirs or unit == theirs else ""
    return ""


def _parts(label: str) -> tuple[str, str]:
    """Name without fillers, and unit without ornament: ``("rbc", "1012/l")``."""
    found = _WITH_UNIT.fullmatch(label.strip())
    name, unit = (found[1], found[2]) if found else (label, "")
    kept = [word for word in name.lower().replace("-", " ").split() if word not in _FILLERS]
    return " ".join(kept), unit.lower().translate(_PLAIN)
