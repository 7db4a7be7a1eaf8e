"""The tables."""

from django.conf import settings
from django.db import models


class Author(models.Model):
    """Who writes."""

    name = models.CharField(max_length=120)

    class Meta:
        """In the order of the alphabet."""

        ordering = ("name",)

    def __str__(self) -> str:
        """The name."""
        return self.name


class Book(models.Model):
    """What stands on the shelf."""

    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="books")

    class Meta:
        """In the order of the alphabet."""

        ordering = ("title",)

    def __str__(self) -> str:
        """The title."""
        return self.title


class Loan(models.Model):
    """Who has a book until when."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    until = models.DateField()

    def __str__(self) -> str:
        """The book, and the day."""
        return f"{self.book} until {self.until}"
