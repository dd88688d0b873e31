# Reference values for validating a model on further patients, from R alone. Run from this folder: Rscript validation.R
# Debian: r-base-core r-cran-rms r-cran-proc r-cran-jsonlite
suppressPackageStartupMessages({library(rms); library(pROC); library(jsonlite)})
answer <- list(versions = list(R = R.version.string, rms = as.character(packageVersion("rms")),
  pROC = as.character(packageVersion("pROC"))))

# Patients that a validation needs: the three formulas of Riley et al. 2021, the slope's means integrated over a normal
# linear predictor, the C-statistic's number found by a root finder.
needed <- function(prevalence, cstatistic, mean, sd) {
  z <- qnorm(.975)
  ratio <- uniroot(function(s) exp(z * s) - exp(-z * s) - .2, c(.001, 1), tol = 1e-12)$root
  over <- function(f) integrate(function(x) f(x) * dlogis(x) * dnorm(x, mean, sd), mean - 12 * sd, mean + 12 * sd,
                                rel.tol = 1e-10)$value
  a <- over(function(x) 1); ab <- over(function(x) x); b <- over(function(x) x^2)
  variance <- function(n) cstatistic * (1 - cstatistic) * (1 + (n / 2 - 1) * (1 - cstatistic) / (2 - cstatistic) +
    (n / 2 - 1) * cstatistic / (1 + cstatistic)) / (n^2 * prevalence * (1 - prevalence))
  list(prevalence = prevalence, c_statistic = cstatistic, mean = mean, sd = sd,
       ratio = ceiling((1 - prevalence) / (prevalence * ratio^2)),
       slope = ceiling(a / ((.1 / z)^2 * (a * b - ab^2))),
       c = ceiling(uniroot(function(n) variance(n) - (.05 / z)^2, c(10, 1e6), tol = 1e-9)$root))
}
answer$needed <- list(needed(.22, .82, -1.75, 1.47), needed(.35, .75, -.8, 1), needed(.018, .8, -5, 2.5))

# Two areas of different patients, and the difference of two independent normal estimates ----------------------------
scores <- read.csv("scores.csv")
half <- seq_len(nrow(scores)) %% 2 == 0
one <- roc(scores$outcome[half], scores$fine[half], direction = "<", levels = c(0, 1), quiet = TRUE)
two <- roc(scores$outcome[!half], scores$fine[!half], direction = "<", levels = c(0, 1), quiet = TRUE)
gap <- as.numeric(auc(one)) - as.numeric(auc(two))
error <- sqrt(var(one, method = "delong") + var(two, method = "delong"))
answer$areas <- list(difference = gap, lower = gap - qnorm(.975) * error, upper = gap + qnorm(.975) * error)

# A fixed model on further patients: what its report says --------------------------------------------------------------
clinical <- read.csv("clinical.csv")
first <- seq_len(nrow(clinical)) <= nrow(clinical) / 2
model <- glm(outcome ~ diameter + red_cells + age + marker, binomial, clinical[first, ])
risk <- unname(predict(model, clinical[!first, ], type = "response"))
y <- clinical$outcome[!first]
x <- qlogis(risk)
line <- glm(y ~ x, binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
large <- glm(y ~ offset(x), family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
area <- ci.auc(roc(y, risk, direction = "<", levels = c(0, 1), quiet = TRUE), method = "delong")
found <- val.prob(risk, y, pl = FALSE)
predicted <- predict(line, data.frame(x = qlogis(c(.2, .4))), se.fit = TRUE)
called <- risk >= .4
threshold <- .4
answer$further <- list(outcome = y, risk = risk, auc = as.numeric(area)[c(2, 1, 3)],
  slope = c(coef(line)[[2]], confint.default(line)[2, ]), intercept = c(coef(line)[[1]], confint.default(line)[1, ]),
  in_the_large = c(coef(large)[[1]], confint.default(large)[1, ]), expected_observed = sum(risk) / sum(y),
  brier = found[["Brier"]], scaled_brier = 1 - found[["Brier"]] / (mean(y) * (1 - mean(y))),
  c_statistic = found[["C (ROC)"]],
  sensitivity = as.numeric(c(mean(called[y == 1]), binom.test(sum(called & y == 1), sum(y == 1))$conf.int)),
  specificity = as.numeric(c(mean(!called[y == 0]), binom.test(sum(!called & y == 0), sum(y == 0))$conf.int)),
  recalibrated = unname(plogis(predicted$fit)),
  recalibrated_lower = unname(plogis(predicted$fit - qnorm(.975) * predicted$se.fit)),
  recalibrated_upper = unname(plogis(predicted$fit + qnorm(.975) * predicted$se.fit)),
  net_benefit = mean(called & y == 1) - mean(called & y == 0) * threshold / (1 - threshold),
  treat_all = mean(y == 1) - mean(y == 0) * threshold / (1 - threshold))

write(toJSON(answer, digits = NA, auto_unbox = TRUE, pretty = TRUE), "validation.json")
