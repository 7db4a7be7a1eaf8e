"""One run: recipes, their steps, the rollback, and what goes on beside them."""
