"""The application."""

from django.apps import AppConfig


class BooksConfig(AppConfig):
    """Books."""

    name = "books"
