# Reference values for reader agreement, from R alone. Run from this folder: Rscript agreement.R
# Debian: r-base-core r-cran-psych r-cran-jsonlite. The drawn tables are kept beside their values.
suppressPackageStartupMessages({library(psych); library(jsonlite)})
set.seed(11)
answer <- list(versions = list(R = R.version.string, psych = as.character(packageVersion("psych"))))

# Intraclass correlation, all forms ----------------------------------------------------------------------------------
drawn <- function(targets, raters, noise, offset) {
  table <- rnorm(targets, 40, 10) + matrix(rnorm(targets * raters, 0, noise), targets) +
    matrix(rep(rnorm(raters, 0, offset), each = targets), targets)
  found <- ICC(round(table, 4), lmer = FALSE, alpha = .1)$results
  list(ratings = round(table, 4), type = as.character(found$type), value = found$ICC, lower = found$`lower bound`,
       upper = found$`upper bound`)
}
answer$icc <- Map(drawn, c(4, 8, 12, 20, 30, 50, 50, 50), c(3, 2, 4, 3, 2, 2, 2, 5), c(5, 30, 8, 2, 10, 1, 25, 12),
                  c(4, 0, 2, 8, 1, 0, 6, 15))

# Bland-Altman -------------------------------------------------------------------------------------------------------
bland_altman <- function(first, second, level, relative) {
  means <- (first + second) / 2
  differences <- if (relative) 100 * (first - second) / means else first - second
  n <- length(means); bias <- mean(differences); deviation <- sd(differences)
  tails <- c((1 - level) / 2, (1 + level) / 2)
  # The distance of a limit from the bias, in standard errors, follows the non-central t distribution.
  exact <- qt(tails, n - 1, ncp = 1.96 * sqrt(n)) * deviation / sqrt(n)
  line <- summary(lm(differences ~ means))$coefficients
  list(first = first, second = second, level = level, relative = relative, bias = bias, sd = deviation,
       bias_interval = as.numeric(t.test(differences, conf.level = level)$conf.int),
       limits = bias + c(-1.96, 1.96) * deviation, lower_interval = bias - rev(exact), upper_interval = bias + exact,
       slope = line[2, 1], slope_p = line[2, 4])
}
pairs <- function(n, bias, growth) {
  truth <- rgamma(n, 9, scale = 4)
  list(first = round(truth + rnorm(n, 0, 2), 3), second = round(truth * (1 - growth) - bias + rnorm(n, 0, 2), 3))
}
answer$bland_altman <- lapply(list(list(5, 0, 0, .95, FALSE), list(17, 2, 0, .95, FALSE), list(50, 0, .15, .95, FALSE),
                                   list(50, 1, .1, .9, TRUE), list(300, .3, 0, .99, FALSE)), function(case) {
  both <- pairs(case[[1]], case[[2]], case[[3]])
  bland_altman(both$first, both$second, case[[4]], case[[5]])
})

# Standard error of measurement --------------------------------------------------------------------------------------
answer$measurement_error <- lapply(answer$icc, function(case) {
  long <- data.frame(rating = as.vector(case$ratings), target = factor(row(case$ratings)),
                     rater = factor(col(case$ratings)))
  residual <- tail(anova(lm(rating ~ target + rater, long)), 1)
  squares <- residual[["Sum Sq"]]; freedom <- residual[["Df"]]
  list(sem = sqrt(squares / freedom), interval = sqrt(squares / qchisq(c(.975, .025), freedom)))
})

write_json(answer, "agreement.json", auto_unbox = TRUE, digits = NA, pretty = FALSE)
