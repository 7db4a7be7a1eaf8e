"""The pytest side: options, stages, fixtures, evidence, verdicts."""
