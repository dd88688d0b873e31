"""Which row of the published tables stands beside a model, a characteristic or a predictor of ours."""

from __future__ import annotations

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
# fmt: on
_CHARACTERISTICS = (
    (("diameter",), "Maximum diameter (mm)", "Maximum tumor diameter"),
    (("rbc", "red blood"), "RBC count (10¹²/L)", "RBC count"),
    (("wbc", "white blood"), "WBC count (10⁹/L)", "WBC count"),
    (("eosinophil",), "Eosinophil count (10⁹/L)", "Eosinophil count"),
    (("alp ", "alkaline"), "ALP (U/L)", "ALP"),
    (("ca125", "ca 125"), "CA125 (U/mL)", "CA125"),
    (("ca153", "ca 153"), "CA153 (U/mL)", "CA153"),
    (("ca199", "ca 199"), "CA199 (U/mL)", "CA199"),
    (("cea ", "carcinoembryonic"), "CEA (U/mL)", "CEA"),
    (("scc ", "squamous cell carcinoma antigen"), "SCC antigen (ng/mL)", "SCC antigen"),
    (("parturition", "parity"), "Parturition", "Parturition"),
    (("abortion",), "Abortion", "Abortion"),
    (("bmi ", "body mass"), "BMI", "BMI"),
    (("histology", "histological"), "Histology", "Histology"),
    (("age ",), "Age", "Age"),
)


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
    low = f"{label.strip().lower()} "
    for words, *names in _CHARACTERISTICS:
        if any(low.startswith(word) or f" {word}" in low for word in words):
            return names[table]
    return ""
