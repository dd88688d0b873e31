# Reference values for Testing/statistics, from R alone. Run from this folder: Rscript reference.R
# Debian: r-base-core r-cran-rms r-cran-proc r-cran-psych r-cran-brglm2 r-cran-jsonlite
suppressPackageStartupMessages({library(rms); library(pROC); library(psych); library(brglm2); library(jsonlite)})
answer <- list(versions = list(R = R.version.string, rms = as.character(packageVersion("rms")),
  pROC = as.character(packageVersion("pROC")), psych = as.character(packageVersion("psych")),
  brglm2 = as.character(packageVersion("brglm2"))))

# Agreement --------------------------------------------------------------------------------------------------------
ratings <- read.csv("ratings.csv")
psych_icc <- function(table) {
  found <- ICC(table, lmer = FALSE)$results
  list(type = as.character(found$type), value = found$ICC, lower = found$`lower bound`, upper = found$`upper bound`)
}
shrout_fleiss <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7), 6, byrow = TRUE)
answer$icc <- list(drawn = psych_icc(ratings), two_raters = psych_icc(ratings[, 1:2]),
                   shrout_fleiss = psych_icc(shrout_fleiss))

# Discrimination ---------------------------------------------------------------------------------------------------
scores <- read.csv("scores.csv")
columns <- c("fine", "coarse", "useless")
curve <- function(name) roc(scores$outcome, scores[[name]], direction = "<", levels = c(0, 1), quiet = TRUE)
answer$delong <- lapply(setNames(columns, columns), function(name) {
  c(auc = as.numeric(auc(curve(name))), lower = ci.auc(curve(name))[1], upper = ci.auc(curve(name))[3],
    variance = var(curve(name), method = "delong")) |> as.list()
})
pairs <- list(c("fine", "coarse"), c("coarse", "useless"), c("fine", "useless"))
answer$delong_test <- lapply(pairs, function(pair) {
  found <- roc.test(curve(pair[1]), curve(pair[2]), method = "delong", paired = TRUE)
  list(a = pair[1], b = pair[2], z = unname(found$statistic), p = found$p.value)
})
answer$youden <- lapply(setNames(columns, columns), function(name) {
  found <- coords(curve(name), "best", best.method = "youden", transpose = FALSE,
                  ret = c("threshold", "sensitivity", "specificity"))
  as.list(found[which.min(found$threshold), ])
})
answer$wilcoxon <- lapply(setNames(columns, columns), function(name) {
  found <- wilcox.test(scores[[name]][scores$outcome == 1], scores[[name]][scores$outcome == 0],
                       exact = FALSE, correct = TRUE)
  list(u = unname(found$statistic), p = found$p.value)
})
answer$spearman <- unname(cor(scores[columns], method = "spearman"))

# Proportions ------------------------------------------------------------------------------------------------------
cases <- list(c(0, 10), c(10, 10), c(7, 31), c(81, 96), c(23, 33), c(1, 1))
answer$proportions <- lapply(cases, function(case) list(
  numerator = case[1], denominator = case[2],
  clopper_pearson = binom.test(case[1], case[2])$conf.int[1:2],
  clopper_pearson_90 = binom.test(case[1], case[2], conf.level = .9)$conf.int[1:2],
  wilson = suppressWarnings(prop.test(case[1], case[2], correct = FALSE))$conf.int[1:2]))

# Logistic regression ----------------------------------------------------------------------------------------------
clinical <- read.csv("clinical.csv")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
predictors <- c("diameter", "red_cells", "age", "marker")
formula <- reformulate(predictors, "outcome")
table_of <- function(fit) {
  found <- summary(fit)$coefficients
  list(coefficients = unname(coef(fit)), covariance = unname(vcov(fit)), z = unname(found[, 3]), p = unname(found[, 4]),
       lower = unname(exp(confint.default(fit)[, 1])), upper = unname(exp(confint.default(fit)[, 2])))
}
full <- glm(formula, binomial, clinical, control = tight)
answer$logistic <- c(table_of(full), list(log_likelihood = as.numeric(logLik(full)), probability = unname(fitted(full))))
answer$univariate <- lapply(setNames(predictors, predictors), function(name)
  table_of(glm(reformulate(name, "outcome"), binomial, clinical, control = tight)))
firth <- function(formula, data) {
  fit <- glm(formula, binomial, data, method = "brglmFit", type = "AS_mean",
             control = brglmControl(epsilon = 1e-12, maxit = 1000))
  list(coefficients = unname(coef(fit)), covariance = unname(vcov(fit)))
}
separated <- data.frame(outcome = c(0, 0, 0, 0, 1, 1, 1, 1, 1), x = c(1, 2, 3, 4, 5, 6, 7, 8, 9),
                        w = c(2, 1, 4, 3, 2, 5, 1, 2, 3))
answer$firth <- list(clinical = firth(formula, clinical), separated = firth(outcome ~ x + w, separated),
                     separated_data = separated)

# Calibration ------------------------------------------------------------------------------------------------------
probability <- fitted(full)
hosmer_lemeshow <- function(group) {
  observed <- tapply(clinical$outcome, group, sum); expected <- tapply(probability, group, sum)
  size <- as.numeric(table(group))
  statistic <- sum((observed - expected)^2 / (expected * (1 - expected / size)))
  list(statistic = statistic, p = pchisq(statistic, length(size) - 2, lower.tail = FALSE), sizes = size)
}
# 12 groups do not divide 160 cases, so the two groupings differ.
answer$hosmer_lemeshow <- list(
  rank = hosmer_lemeshow(floor((rank(probability, ties.method = "first") - 1) * 12 / length(probability))),
  quantile = hosmer_lemeshow(cut(probability, quantile(probability, seq(0, 1, length.out = 13)), include.lowest = TRUE)))
distorted <- plogis(.3 + 1.4 * qlogis(probability))
line <- glm(clinical$outcome ~ qlogis(distorted), family = binomial, control = tight)
large <- glm(clinical$outcome ~ offset(qlogis(distorted)), family = binomial, control = tight)
found <- val.prob(distorted, clinical$outcome, pl = FALSE)
answer$calibration <- list(distorted = unname(distorted), slope = unname(coef(line)[2]), intercept = unname(coef(line)[1]),
  slope_error = sqrt(vcov(line)[2, 2]), in_the_large = unname(coef(large)), in_the_large_error = sqrt(vcov(large)[1, 1]),
  brier = unname(found["Brier"]), val_prob_slope = unname(found["Slope"]), val_prob_intercept = unname(found["Intercept"]))
positives <- sum(scores$outcome); negatives <- sum(1 - scores$outcome)
smooth <- ifelse(scores$outcome == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
answer$platt <- list(
  plain = unname(coef(glm(outcome ~ fine, binomial, scores, control = tight))),
  smoothed = unname(suppressWarnings(coef(glm(smooth ~ scores$fine, family = binomial, control = tight)))))

# Nomogram ---------------------------------------------------------------------------------------------------------
distribution <- datadist(clinical); options(datadist = "distribution")
model <- lrm(outcome ~ diameter + red_cells + marker, clinical, eps = 1e-12, tol = 1e-14, maxit = 100)
risks <- c(.05, .1, .2, .3, .4, .5, .6, .7, .8, .9)
drawn <- nomogram(model, fun = plogis, fun.at = risks, lp = TRUE, maxscale = 100)
points_of <- function(name) {
  axis <- drawn[[name]]
  list(values = as.numeric(as.character(axis[[1]])), points = axis$points)
}
risk_axis <- drawn[[length(drawn)]]
answer$nomogram <- list(coefficients = unname(coef(model)), limits = unname(lapply(c("diameter", "red_cells"),
  function(name) distribution$limits[c("Low", "High"), name])),
  diameter = points_of("diameter"), red_cells = points_of("red_cells"), marker = points_of("marker"),
  risk_values = as.numeric(risk_axis$fat), risk_totals = risk_axis$x)

# Round numbers ----------------------------------------------------------------------------------------------------
set.seed(7)
draws <- lapply(1:200, function(i) sort(signif(rnorm(1) * 10^runif(1, -4, 5) + c(0, rexp(1) * 10^runif(1, -4, 5)), 6)))
ends <- c(list(c(0, 1), c(14, 45), c(80, 250), c(-3, 0), c(0, 0), c(5, 5), c(1e-9, 2e-9), c(.1, .93), c(-1, 1), c(0, 3)),
          draws)
answer$pretty <- lapply(ends, function(pair) list(low = pair[1], high = pair[2],
  five = I(pretty(pair, 5)), ten = I(pretty(pair, 10)), two = I(pretty(pair, 2))))

write_json(answer, "reference.json", auto_unbox = TRUE, digits = NA, pretty = FALSE)
