"""Of what an application answers and logs."""
