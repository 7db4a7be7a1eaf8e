"""The tag that a release is given in the repository once it went GO; that it could not be set is told, and no more."""

from __future__ import annotations

from gonogo import git
from gonogo.config import Tag
from gonogo.errors import CommandError, last_words
from gonogo.records.ending import Ending, Kind
from gonogo.run.work import Work
from gonogo.state.lock import operator

__all__ = ["tagged"]

_SECONDS = 60.0


def tagged(work: Work, ending: Ending) -> tuple[str, ...]:
    """Tag the commit of a release that went GO, and push that where it is asked for; what came of it."""
    tag = work.place.environment.tag
    if tag is None or ending.kind is not Kind.GO:
        return ()
    name = _name(tag, work)
    try:
        return (_tag(tag, name, work),)
    except CommandError as error:
        return (f"The release was not tagged as {name}: {error}",)


def _tag(tag: Tag, name: str, work: Work) -> str:
    commit = work.release.commit
    there = work.host.run(git.ask(work.checkout, "rev-parse", "--verify", "--quiet", f"refs/tags/{name}^{{commit}}"))
    found = there.output.strip()
    if found and found != commit:
        return f"The release was not tagged: found {name} at {found:.7} already, expected it nowhere or at {commit:.7}."
    if not found:
        who, env = operator(), work.place.environment.name
        identity = ("-c", f"user.name={who}", "-c", f"user.email={who}")
        words = ("tag", "--annotate", f"--message={work.release.id} serves {env}", name, commit)
        made = work.host.run(git.ask(work.checkout, *words))
        if not made.ok:  # nobody said who they are here
            work.host.run(git.ask(work.checkout, *identity, *words)).require()
    if tag.push is None:
        return f"The release is tagged as {name}."
    push = git.ask(work.checkout, "push", "--quiet", tag.push, f"refs/tags/{name}", timeout=_SECONDS)
    pushed = work.host.run(push)
    if not pushed.ok:
        said = "no end in time" if pushed.timed_out else last_words(pushed.errors)
        return f"The release is tagged as {name}, which could not be pushed to {tag.push}: {said}"
    return f"The release is tagged as {name}, also in {tag.push}."


def _name(tag: Tag, work: Work) -> str:
    release, names = work.release, {"env": work.place.environment.name}
    names |= {"release": release.id, "commit": release.commit[:7], "date": f"{release.created:%Y-%m-%d}"}
    name = tag.name
    for key, value in names.items():
        name = name.replace("{" + key + "}", value)
    return name
