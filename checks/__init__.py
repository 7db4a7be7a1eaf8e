"""The built-in checks: marked pytest tests, one folder a stage."""
