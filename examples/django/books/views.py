"""What readers see."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from books.models import Author, Book, Loan


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The shelf."""
    return render(request, "books/home.html", {"books": Book.objects.select_related("author")})


@require_safe
def book(request: HttpRequest, number: int) -> HttpResponse:
    """One book."""
    found = get_object_or_404(Book.objects.select_related("author"), pk=number)
    return render(request, "books/book.html", {"book": found})


@require_safe
def authors(request: HttpRequest) -> HttpResponse:
    """Who writes, and how many books of them are here."""
    return render(request, "books/authors.html", {"authors": Author.objects.annotate(count=Count("books"))})


@require_safe
@login_required
def loans(request: HttpRequest) -> HttpResponse:
    """What the reader has at home."""
    return render(request, "books/loans.html", {"loans": Loan.objects.filter(reader=request.user).order_by("until")})


@require_safe
def books_as_json(_request: HttpRequest) -> JsonResponse:
    """The shelf, for programs."""
    found = Book.objects.select_related("author")
    return JsonResponse({"books": [{"id": one.pk, "title": one.title, "author": one.author.name} for one in found]})


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """What robots shall leave alone."""
    return HttpResponse("User-agent: *\nDisallow: /admin/\n", content_type="text/plain")
