"""What tells a simulated cohort from patients: a file beside its table."""

SIMULATION_MARK = "simulation.json"
