# Reference values for judging models, from R alone. Run from this folder: Rscript performance.R
# Debian: r-base-core r-cran-rms r-cran-proc r-cran-jsonlite (Hmisc comes with rms)
suppressPackageStartupMessages({library(rms); library(pROC); library(jsonlite)})
answer <- list(versions = list(R = R.version.string, rms = as.character(packageVersion("rms")),
  Hmisc = as.character(packageVersion("Hmisc")), pROC = as.character(packageVersion("pROC"))))

# The band of the ROC curve ------------------------------------------------------------------------------------------
scores <- read.csv("scores.csv")
rates <- seq(0, 1, by = .05)
answer$roc_band <- lapply(setNames(nm = c("fine", "coarse")), function(name) {
  curve <- roc(scores$outcome, scores[[name]], direction = "<", levels = c(0, 1), quiet = TRUE)
  set.seed(42)
  found <- ci.se(curve, specificities = 1 - rates, boot.n = 20000, progress = "none")
  sensitivity <- coords(curve, 1 - rates, input = "specificity", ret = "sensitivity", transpose = FALSE)$sensitivity
  list(rates = rates, sensitivity = sensitivity, lower = unname(found[, 1]), upper = unname(found[, 3]))
})

# Probabilities of two models, the richer one distorted --------------------------------------------------------------
clinical <- read.csv("clinical.csv")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
old <- unname(fitted(glm(outcome ~ diameter, binomial, clinical, control = tight)))
new <- unname(fitted(glm(outcome ~ diameter + red_cells + age + marker, binomial, clinical, control = tight)))
new <- plogis(.3 + 1.4 * qlogis(new))
y <- clinical$outcome
answer$probabilities <- list(old = old, new = new)

# Calibration --------------------------------------------------------------------------------------------------------
clinical$x <- qlogis(new)
patient <- rep(1:80, each = 2)
grid <- seq(quantile(new, .01), quantile(new, .99), length.out = 21)
smooth <- function(formula) {
  fit <- lrm(formula, clinical, x = TRUE, y = TRUE, eps = 1e-12, tol = 1e-14, maxit = 100)
  bounds <- function(fit) {
    found <- predict(fit, data.frame(x = qlogis(grid)), se.fit = TRUE)
    list(observed = unname(plogis(found$linear.predictors)),
         lower = unname(plogis(found$linear.predictors - qnorm(.975) * found$se.fit)),
         upper = unname(plogis(found$linear.predictors + qnorm(.975) * found$se.fit)),
         error = unname(found$se.fit))
  }
  gap <- abs(new - plogis(predict(fit)))
  list(independent = bounds(fit), clustered = bounds(robcov(fit, patient)), ici = mean(gap), largest = max(gap))
}
answer$calibration <- list(grid = unname(grid), straight = smooth(y ~ x), three = smooth(y ~ rcs(x, 3)),
                           four = smooth(y ~ rcs(x, 4)), five = smooth(y ~ rcs(x, 5)))
line <- glm(y ~ x, binomial, clinical, control = tight)
large <- glm(y ~ offset(x), family = binomial, data = clinical, control = tight)
found <- val.prob(new, y, pl = FALSE)
share <- mean(y)
answer$summary <- list(slope = c(coef(line)[[2]], confint.default(line)[2, ]),
  intercept = c(coef(line)[[1]], confint.default(line)[1, ]),
  in_the_large = c(coef(large)[[1]], confint.default(large)[1, ]),
  expected_observed = sum(new) / sum(y) * exp(c(0, -1, 1) * qnorm(.975) * sqrt((1 - share) / sum(y))),
  val_prob = as.list(found[c("Brier", "Slope", "Intercept", "R2", "C (ROC)")]))
clustered <- function(fit) sqrt(diag(robcov(fit, patient)$var))
answer$summary$clustered_errors <- unname(clustered(lrm(y ~ x, clinical, x = TRUE, y = TRUE, eps = 1e-12, tol = 1e-14)))

# Net benefit, written down plainly ----------------------------------------------------------------------------------
thresholds <- c(0, .1, .2, .25, .4, .6, .9, .99)
answer$net_benefit <- list(thresholds = thresholds, treat_all = sapply(thresholds, function(t) mean(y == 1) - mean(y == 0) * t / (1 - t)),
  new = sapply(thresholds, function(t) mean(new >= t & y == 1) - mean(new >= t & y == 0) * t / (1 - t)))

# Reclassification ---------------------------------------------------------------------------------------------------
found <- Hmisc::improveProb(old, new, y)
cuts <- c(0, .2, .4, 1.01)
categories <- function(p) cut(p, cuts, right = FALSE, labels = FALSE)
moved <- sign(categories(new) - categories(old))
table_of <- function(which) unname(unclass(table(factor(categories(old)[which], 1:3), factor(categories(new)[which], 1:3))))
answer$reclassification <- list(continuous = found$nri, continuous_positive = found$nri.ev,
  continuous_negative = found$nri.ne, continuous_error = found$se.nri, idi = found$idi, idi_error = found$se.idi,
  categorical_positive = mean(moved[y == 1]), categorical_negative = -mean(moved[y == 0]),
  positive_table = table_of(y == 1), negative_table = table_of(y == 0))

write_json(answer, "performance.json", auto_unbox = TRUE, digits = NA, pretty = FALSE)
