"""A cleaning company's shop window: price estimates, leads, an admin page."""
