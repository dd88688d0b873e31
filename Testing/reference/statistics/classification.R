# Reference values for groups, from R alone. Run from this folder: Rscript classification.R
# Debian: r-base-core r-cran-proc r-cran-jsonlite
suppressPackageStartupMessages({library(pROC); library(jsonlite)})
cases <- read.csv("logits.csv")
logits <- as.matrix(cases[c("a", "b", "c")])
codes <- 0:2
answer <- list(versions = list(R = R.version.string, pROC = as.character(packageVersion("pROC"))))

# Confusion matrix and its macro numbers ---------------------------------------------------------------------------
called <- max.col(logits, ties.method = "first") - 1
matrix <- table(factor(cases$truth, codes), factor(called, codes))
precision <- diag(matrix) / colSums(matrix)
recall <- diag(matrix) / rowSums(matrix)
answer$summary <- list(matrix = unname(unclass(matrix)), accuracy = mean(called == cases$truth),
  macro_precision = mean(precision), macro_recall = mean(recall),
  macro_f1 = mean(2 * precision * recall / (precision + recall)),
  accuracy_interval = binom.test(sum(called == cases$truth), nrow(cases))$conf.int[1:2])

# Macro AUC, each group against the rest -----------------------------------------------------------------------------
answer$macro_auc <- mean(sapply(codes, function(code) as.numeric(auc(roc(as.integer(cases$truth == code),
  logits[, code + 1], direction = "<", levels = c(0, 1), quiet = TRUE)))))

# McNemar ------------------------------------------------------------------------------------------------------------
paired <- function(only_a, only_b, both = 10, neither = 5) {
  exact <- if (only_a + only_b == 0) 1 else binom.test(only_a, only_a + only_b)$p.value
  corrected <- mcnemar.test(matrix(c(both, only_b, only_a, neither), 2))$p.value
  list(only_a = only_a, only_b = only_b, exact = exact, corrected = if (is.nan(corrected)) 1 else corrected)
}
counts <- list(c(0, 0), c(1, 0), c(0, 5), c(5, 5), c(2, 9), c(3, 1), c(12, 4), c(40, 22), c(86, 150))
answer$mcnemar <- lapply(counts, function(pair) paired(pair[1], pair[2]))
right <- called == cases$truth
rival <- cases$rival == cases$truth
answer$mcnemar_drawn <- paired(sum(right & !rival), sum(rival & !right))

# Temperature ----------------------------------------------------------------------------------------------------------
loss <- function(log_temperature) {
  scaled <- logits / exp(log_temperature)
  sum(log(rowSums(exp(scaled))) - scaled[cbind(seq_len(nrow(cases)), cases$truth + 1)])
}
found <- optim(0, loss, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000))
answer$temperature <- list(log_temperature = found$par, loss = found$value,
  variance = 1 / as.numeric(optimHess(found$par, loss, control = list(ndeps = 1e-4))))

write_json(answer, "classification.json", auto_unbox = TRUE, digits = NA, pretty = FALSE)
