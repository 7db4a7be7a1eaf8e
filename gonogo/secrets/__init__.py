"""Which values are secret, and how they stay out of everything that is written down."""
