"""The library on an SQLite of its own: python manage.py test tests."""

from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.test import TestCase, override_settings

from books.models import Author, Book, Loan

PLAIN = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@override_settings(STORAGES=PLAIN)
class Library(TestCase):
    """One book, one reader."""

    def setUp(self) -> None:
        """Put the book on the shelf."""
        author = Author.objects.create(name="Jules Verne")
        self.book = Book.objects.create(title="Around the World", author=author)

    def test_the_shelf_is_shown(self) -> None:
        """On the page, and for programs."""
        self.assertContains(self.client.get("/"), "Around the World")
        found = {"id": self.book.pk, "title": "Around the World", "author": "Jules Verne"}
        self.assertEqual(self.client.get("/api/books/").json(), {"books": [found]})

    def test_a_reader_sees_their_own_loans(self) -> None:
        """And nobody else's."""
        ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
        Loan.objects.create(book=self.book, reader=bob, until=datetime.now(UTC).date())
        self.client.force_login(ada)
        self.assertNotContains(self.client.get("/loans/"), "Around the World")
        self.client.force_login(bob)
        self.assertContains(self.client.get("/loans/"), "Around the World")

    def test_it_is_ready_once_it_is_migrated(self) -> None:
        """As the tests' database is."""
        self.assertEqual(self.client.get("/readyz").json(), {"status": "ready", "database": "ok", "pending": []})
