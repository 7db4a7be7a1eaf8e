"""One line per event: key=value, so that people and grep can both read it."""

from datetime import UTC, datetime
import json
import logging
import re
import sys

PLAIN = re.compile(r"[\w.:/@+-]+")


def quote(value: object) -> str:
    """Return the value bare where that is unambiguous, else as a JSON string."""
    word = str(value)
    return word if PLAIN.fullmatch(word) else json.dumps(word, ensure_ascii=False)


class LineFormatter(logging.Formatter):
    """Writes time, level, logger, message, then the fields given as extra={"fields": {...}}."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; a traceback becomes the field "trace"."""
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return " ".join(f"{key}={quote(value)}" for key, value in fields.items())


def configure(level: str) -> None:
    """Send every logger's lines to standard output, uvicorn's too, each request once."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # app.requests says more
