"""What answers where."""

from django.urls import path

from books import views

urlpatterns = [
    path("", views.home, name="home"),
    path("books/<int:number>/", views.book, name="book"),
    path("authors/", views.authors, name="authors"),
    path("loans/", views.loans, name="loans"),
    path("api/books/", views.books_as_json),
    path("robots.txt", views.robots),
]
