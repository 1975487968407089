"""What agents learnt on the way and hand on: claims, kept in the ledger, told to those whom they may concern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agents.handoff import Note
from blueprints.fields import Recorded
from blueprints.reach import meet
from ledger.events import Kind
from ledger.files import write_file
from workspaces.mission import Mission

ROOM = 6_000
"""Bytes of all notes that one agent is told."""
ALIKE = 0.8
"""Share of common words from which two notes say the same."""

_TELLING = re.compile(r"no|not|never|none|without|cannot|t|\w*\d\w*")
"""Words that alone make another statement: negations (also the end of `don't`) and numbers."""

_PAGE = "# What agents learnt on the way\n\nClaims, not facts; the newest first.\n\n{notes}"


class LibraryNote(Recorded):
    """As in the ledger's `note_recorded`."""

    id: str
    text: str
    applies: list[str]
    """Path patterns of what it is about; none: everything."""
    source: str
    """The session of the agent that says so."""
    milestone: str

    def __str__(self) -> str:
        about = "".join(f"`{pattern}`; " for pattern in self.applies)
        return f"`{self.id}` {self.text} ({about}from `{self.source}`)"


def all_notes(mission: Mission) -> list[LibraryNote]:
    """Oldest first."""
    return [LibraryNote.model_validate(e.data) for e in list(mission.ledger.events) if e.kind is Kind.NOTE_RECORDED]


def record_notes(mission: Mission, milestone: str, source: str, notes: Iterable[Note]) -> None:
    """Keep those that say something new, and write all of them down for people."""
    with mission.alone("ledger: notes"):
        before = all_notes(mission)
        known = list(before)
        for note in notes:
            if _is_new(note, known):
                facts = {"text": note.text, "applies": note.applies, "source": source, "milestone": milestone}
                event = mission.ledger.append(Kind.NOTE_RECORDED, id=f"N-{len(known) + 1}", **facts)
                known.append(LibraryNote.model_validate(event.data))
        if len(known) > len(before):
            lines = "".join(f"- {note}\n" for note in reversed(known))
            write_file(mission.folder.path / "library" / "notes.md", _PAGE.format(notes=lines))


def notes_about(mission: Mission, touches: Sequence[str]) -> list[str]:
    """What somebody is told whose work stays within these path patterns: the newest first, as there is room."""
    told, room = list[str](), ROOM
    for note in reversed(all_notes(mission)):
        if _may_meet(touches, note.applies):
            room -= len(str(note).encode())
            if room < 0:
                break
            told.append(str(note))
    return told


def _may_meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a file can match one of each; no patterns at all means every file."""
    return not one or not other or any(meet(a, b) for a in one for b in other)


def _is_new(note: Note, known: Sequence[LibraryNote]) -> bool:
    said = (other for other in known if _covers(other.applies, note.applies))
    return bool(_words(note.text)) and not any(_say_the_same(note.text, other.text) for other in said)


def _covers(known: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether all that these patterns are about is told of by the known ones already; none: everything."""
    return not known or (bool(patterns) and set(patterns) <= set(known))


def _say_the_same(one: str, other: str) -> bool:
    """Nearly the same words, whatever their case and what stands between them."""
    mine, yours = _words(one), _words(other)
    alike = len(mine & yours) >= ALIKE * len(mine | yours)
    return alike and not any(_TELLING.fullmatch(word) for word in mine ^ yours)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))
