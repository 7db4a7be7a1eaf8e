"""What a deployment asks."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse


def healthz(_request: HttpRequest) -> JsonResponse:
    """This process answers; nobody else is asked, since a restart mends no database."""
    return JsonResponse({"status": "ok", "release": settings.RELEASE})


def readyz(_request: HttpRequest) -> JsonResponse:
    """The database answers, and no migration of this code is missing in it; one more is what a rollback leaves."""
    try:
        executor = MigrationExecutor(connection)
        pending = [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    except DatabaseError as error:
        return JsonResponse({"status": "unready", "database": type(error).__name__}, status=503)
    if pending:
        return JsonResponse({"status": "unready", "database": "ok", "pending": pending}, status=503)
    return JsonResponse({"status": "ready", "database": "ok", "pending": []})
