# Reference values for the study's tables and for harmonisation, from R alone. Run from this folder: Rscript tables.R
# Debian: r-base-core r-cran-rms r-cran-mass r-cran-jsonlite r-bioc-sva
suppressPackageStartupMessages({library(rms); library(MASS); library(sva); library(jsonlite)})
answer <- list(versions = list(R = R.version.string, rms = as.character(packageVersion("rms")),
  MASS = as.character(packageVersion("MASS")), sva = as.character(packageVersion("sva"))))
clinical <- read.csv("clinical.csv")
positive <- clinical$outcome == 1

# Table 1 ----------------------------------------------------------------------------------------------------------
numbers <- c("diameter", "red_cells", "age")
answer$numbers <- lapply(setNames(numbers, numbers), function(name) {
  a <- clinical[[name]][!positive]; b <- clinical[[name]][positive]
  list(shapiro = c(shapiro.test(a)$p.value, shapiro.test(b)$p.value), t = t.test(a, b, var.equal = TRUE)$p.value,
       rank = wilcox.test(a, b, exact = FALSE, correct = TRUE)$p.value,
       exact = suppressWarnings(wilcox.test(a[1:7] + 1:7 / 1e4, b[1:6] + 1:6 / 3e4, exact = TRUE)$p.value),
       mean = c(mean(a), mean(b)), sd = c(sd(a), sd(b)), quartiles = c(quantile(a, 1:3 / 4), quantile(b, 1:3 / 4)),
       difference = (mean(b) - mean(a)) / sqrt((var(a) + var(b)) / 2))
})
three <- as.integer(factor(clinical$stage))
answer$three_groups <- list(
  variance = oneway.test(clinical$red_cells ~ three, var.equal = TRUE)$p.value,
  rank = kruskal.test(clinical$diameter, three)$p.value)
stage <- table(clinical$stage, clinical$outcome)
answer$categories <- list(stage = chisq.test(stage)$p.value,
                          marker = chisq.test(table(clinical$marker, clinical$outcome), correct = FALSE)$p.value)
tables <- list(list(c(3, 1), c(1, 3)), list(c(10, 2), c(3, 15)), list(c(72, 29), c(18, 1), c(6, 1)),
               list(c(5, 0), c(2, 2), c(1, 4), c(0, 3)), list(c(40, 1), c(0, 2), c(3, 3)), list(c(0, 7), c(6, 0)),
               list(c(12, 9), c(4, 4), c(1, 0), c(0, 1), c(2, 0)))
answer$fisher <- lapply(tables, function(rows) {
  counts <- do.call(rbind, rows)
  list(counts = rows, p = fisher.test(counts, workspace = 2e6)$p.value)
})
wide <- rbind(c(4, 1, 0), c(2, 3, 1), c(0, 2, 5))
answer$fisher_wide <- list(counts = wide, p = fisher.test(wide)$p.value)
share <- prop.table(stage, 2)[-1, ]
spread <- (diag(share[, 1]) - outer(share[, 1], share[, 1]) + diag(share[, 2]) - outer(share[, 2], share[, 2])) / 2
apart <- share[, 2] - share[, 1]
answer$categories$stage_difference <- sqrt(drop(t(apart) %*% solve(spread) %*% apart))

# Table 2 ----------------------------------------------------------------------------------------------------------
predictors <- c("diameter", "red_cells", "age", "marker")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
full <- glm(reformulate(predictors, "outcome"), binomial, clinical, control = tight)
# MASS interpolates the profile; where the deviance has risen by the quantile is found here to the last digit.
ends <- function(fit, name, data) {
  rest <- setdiff(all.vars(formula(fit))[-1], name)
  risen <- function(value) deviance(glm(reformulate(c("1", rest), "outcome"), binomial, data, control = tight,
    offset = value * data[[name]])) - deviance(fit) - qchisq(.95, 1)
  best <- coef(fit)[[name]]; wide <- 6 * sqrt(vcov(fit)[name, name])
  c(uniroot(risen, c(best - wide, best), tol = 1e-13)$root, uniroot(risen, c(best, best + wide), tol = 1e-13)$root)
}
answer$profile <- lapply(setNames(predictors, predictors), function(name) {
  alone <- glm(reformulate(name, "outcome"), binomial, clinical, control = tight)
  list(multivariate = ends(full, name, clinical), univariate = ends(alone, name, clinical),
       mass = unname(suppressMessages(confint(full))[name, ]),
       p = drop1(full, test = "Chisq")[name, "Pr(>Chi)"], p_alone = drop1(alone, test = "Chisq")[name, "Pr(>Chi)"])
})

# Optimism ---------------------------------------------------------------------------------------------------------
set.seed(42)
model <- lrm(outcome ~ diameter + red_cells + age + marker, clinical, x = TRUE, y = TRUE)
found <- rms::validate(model, B = 4000)
answer$optimism <- as.list(found["Dxy", c("index.orig", "optimism", "index.corrected", "n")])

# Sample size ------------------------------------------------------------------------------------------------------
# Riley et al. 2021: the R² (Cox-Snell) of a model with that C-statistic, by drawing normal linear predictors.
explained <- function(c_statistic, prevalence, n = 1e6) {
  y <- rep(1:0, round(c(prevalence, 1 - prevalence) * n))
  predictor <- rnorm(n, y * sqrt(2) * qnorm(c_statistic))
  fit <- glm(y ~ predictor, family = binomial)
  1 - exp((fit$deviance - fit$null.deviance) / n)
}
pairs <- list(c(.81, .77), c(.89, .174), c(.7, .3), c(.95, .5))
answer$explained <- lapply(pairs, function(pair)
  list(c_statistic = pair[1], prevalence = pair[2], r_squared = explained(pair[1], pair[2])))

# Harmonisation ----------------------------------------------------------------------------------------------------
# sva stops iterating at a relative change of 1e-4; here the equations are solved.
exact <- sva:::it.sol
formals(exact)$conv <- 1e-13
assignInNamespace("it.sol", exact, "sva")
centres <- read.csv("centres.csv")
features <- t(as.matrix(centres[grep("^feature", names(centres))]))
harmonise <- function(...) unname(t(suppressMessages(ComBat(...))))
answer$combat <- list(plain = harmonise(features, centres$centre),
                      age = harmonise(features, centres$centre, mod = model.matrix(~age, centres)))

write_json(answer, "tables.json", auto_unbox = TRUE, digits = NA, pretty = FALSE)
