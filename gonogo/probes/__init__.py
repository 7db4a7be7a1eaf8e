"""What runs elsewhere, under the Python of whoever is asked; each file stands alone."""
