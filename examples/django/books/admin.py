"""What the librarian edits."""

from django.contrib import admin

from books.models import Author, Book, Loan

admin.site.register([Author, Book, Loan])
