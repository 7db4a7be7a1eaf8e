"""What answers where."""

from django.contrib import admin
from django.urls import include, path

from library import ops

urlpatterns = [
    path("", include("books.urls")),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", ops.healthz),
    path("readyz", ops.readyz),
]
