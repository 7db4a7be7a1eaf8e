"""One run: recipes, their steps, the way back, and what goes on beside them."""
