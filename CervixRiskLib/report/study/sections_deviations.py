"""What was done differently from the paper, and where the paper contradicts itself."""

from __future__ import annotations

from ...bundle.study_file import Study
from .document import Absence, Block, BulletList, Paragraph, Section
from .published_plnm import SOURCE

CONTRADICTIONS = (
    "Features: 42 geometric, 744 intensity and 775 texture features are named; this split of the 1,561 "
    "cannot be rebuilt from the text. Here: 14 shape features and 17 image types with 91 features each.",
    'Reproducibility: features with an ICC below 0.75 "in both" analyses are dropped in Methods, those below 0.75 in '
    "the Discussion. Here either analysis drops a feature unless set otherwise.",
    "Redundancy: |rho| > 0.9 in Methods, > 0.8 in Results. Here 0.9 unless set otherwise.",
    "Selection: Mann-Whitney test, Spearman filter and LASSO in Methods; Results name no Mann-Whitney test.",
    "Embedding: 16,383 dimensions are printed; DenseNet121 has 16,384 on a crop of 128 pixels (1024 × 4 × 4).",
    "Elimination: it starts from 73 features in Methods (9 + 64), from 1,625 in Results (1,561 + 64). Here 73.",
    "Nomogram: it takes the fusion model's output and two clinical predictors in Methods, the radiomics and the deep "
    "learning signature as two inputs in the Discussion. Here the former.",
    "Table 2: univariate odds ratios below 1 for predictors that are larger in the positive group (diameter 0.981, "
    "means 30.25 and 41.29 mm) come out only without an intercept. Here every regression has one.",
    "Table 2: p values do not follow from their intervals (BMI 0.881 to 0.995 with p = 0.073; SCC antigen 0.964 to "
    "0.999 with p = 0.077; both intervals leave out 1).",
    "Table 1: RBC count does not differ between the groups (p = 0.500 and 0.138), yet it is one of the two predictors "
    "called independent.",
    "Table 1: the differences between the groups that the text names are those of the testing set (parturition p = "
    "0.037, WBC count p = 0.027); in the training set both have p > 0.1.",
    "Table 3: extra trees have a training AUC of 1.000 and a sensitivity of 0.000; at the best cut-off both would be "
    "1.",
    "Tables 3 and 5: classifiers were compared by their AUC on the testing set, and the best of eight was kept: the "
    "testing AUC of the chosen one is optimistic.",
    'Table 5: KNN and SVM have the same interval, 0.6451 to 0.8422, around different AUCs; "a 5.1 % improvement" of '
    "the fusion over DenseNet121 is 5.1 points of AUC, with intervals that overlap over most of their length.",
    "Tables 3 to 6: the nomogram is called superior without a paired test; at the testing AUC of 0.764 with 31 "
    "positive cases its interval, 0.660 to 0.868, holds the AUC of every other model of Table 6.",
)
"""Of Wang et al. 2025, with what is done here where a choice had to be made."""


def deviations_sections(
    study: Study,
    *,
    contradictions: tuple[str, ...] = CONTRADICTIONS,
    opening: str = f"Of {SOURCE}. Neither images, weights nor coefficients were published.",
) -> tuple[Section, ...]:
    """Deviations from the manifest, contradictions of the paper.

    Parameters
    ----------
    contradictions, opening
        Of the paper of this study's task; what stands above them.
    """
    deviations = study.manifest.deviations
    declared: Block = BulletList(deviations) if deviations else Absence("The bundle declares no deviation.")
    notes = _notes(study)
    return (
        Section("What was done differently from the paper", (declared,)),
        Section(
            "Where the paper contradicts itself",
            (
                Paragraph(opening),
                BulletList(contradictions),
            ),
            level=2,
        ),
        *((Section("Notes of the training run", (BulletList(notes),), level=2),) if notes else ()),
    )


def _notes(study: Study) -> tuple[str, ...]:
    kept = study.manifest.details.get("notes")
    of_training = [str(note) for note in kept] if isinstance(kept, list | tuple) else []
    return tuple(dict.fromkeys(note for note in (*study.record.notes, *of_training) if note))
