"""One review: its queue, what people changed, and when it is saved. Any thread may call it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...video.track_file import VideoTracks
from ..problems import TYPE_PREFIX, Problem
from .clips import Clip
from .items import FileChanged, Found, Item, checked_boxes


class ChangedMeanwhile(Problem):
    """Another window changed the item since; the document holds it as it is now."""

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__("changed-meanwhile", more={"item": item})

    def document(self) -> dict[str, Any]:
        """The problem document."""
        title = "Another window changed this picture or video"
        return {"type": TYPE_PREFIX + self.name, "title": title, "status": 409} | self.more


@dataclass(slots=True)
class Saving:
    """How the last saving went: "saved", "unsaved" changes, or "failed" with the reason."""

    state: str = "saved"
    message: str = ""
    conflict: bool = False


@dataclass(slots=True)
class Review:
    """The items in hand.

    Attributes:
        items: the pictures, by number.
        title: what is reviewed, for people.
        write: writes all of it; raises OSError, or FileChanged unless it may overwrite.
        place: where to, for people.
        clips: the videos, whose numbers come after those of the pictures.
        saving: how the last saving went.
        revision: counts changes.
    """

    items: Sequence[Item]
    title: str
    write: Callable[[Sequence[Item], bool], None]
    place: str
    clips: Sequence[Clip] = ()
    saving: Saving = field(default_factory=Saving)
    revision: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def item(self, number: int) -> Item:
        """The item of a number.

        Raises:
            Problem: there is none.
        """
        if not 0 <= number < len(self.items):
            raise Problem("not-found", "there is no such picture in this review")
        return self.items[number]

    def clip(self, number: int) -> Clip:
        """The video of a number; raises Problem if there is none."""
        place = number - len(self.items)
        if not 0 <= place < len(self.clips):
            raise Problem("not-found", "there is no such video in this review")
        return self.clips[place]

    def queue(self, since: int = -1) -> dict[str, Any]:
        """What changed after a revision, and how far the review is."""
        with self._lock:
            every: list[Item | Clip] = [*self.items, *self.clips]
            states = [item.state for item in every]
            return {
                "title": self.title,
                "place": self.place,
                "revision": self.revision,
                "items": [item.summary() for item in every if item.revision > since],
                "total": len(states),
                "waiting": states.count("waiting"),
                "done": states.count("done"),
                "broken": states.count("broken"),
                "saving": {
                    "state": self.saving.state,
                    "message": self.saving.message,
                    "conflict": self.saving.conflict,
                },
            }

    def details(self, number: int) -> dict[str, Any]:
        """All of one item."""
        with self._lock:
            return self.item(number).details()

    def change(self, number: int, wanted: Any) -> dict[str, Any]:
        """Takes over what a page sends of one item, and saves.

        Args:
            number: of the item.
            wanted: object with ``revision``, that of the item which the page shows; ``boxes`` and ``done``.

        Raises:
            ChangedMeanwhile: another page changed the item after that revision; nothing is changed then.
            Problem: "bad-request".
        """
        with self._lock:
            item = self.item(number)
            if not isinstance(wanted, dict) or not isinstance(wanted.get("done"), bool):
                raise Problem("bad-request", "an object with revision, boxes and done is needed")
            if wanted.get("revision") != item.revision:
                raise ChangedMeanwhile(item.details())
            if item.state in ("broken", "waiting") or item.size is None:
                raise Problem("bad-request", "this picture cannot be changed: " + item.reason)
            known = [*item.faces, *item.spared, *item.perhaps]
            try:
                kinds = checked_boxes(wanted.get("boxes"), item.size, known)
            except ValueError as error:
                raise Problem("bad-request", str(error)) from None
            changed = [item.faces, item.spared] != [kinds["face"], kinds["spared"]]
            item.faces, item.spared, item.perhaps = kinds["face"], kinds["spared"], kinds["perhaps"]
            item.edited |= changed
            item.state = "done" if wanted["done"] else "open"
            item.stale = item.stale and not wanted["done"]
            self._touch(item)
            self.save()
            return item.details()

    def clip_details(self, number: int) -> dict[str, Any]:
        """All of one video."""
        with self._lock:
            return self.clip(number).details()

    def clip_at(self, number: int, frame: int) -> dict[str, Any]:
        """The boxes of a frame of a video; raises Problem if there is no such frame."""
        with self._lock:
            clip = self.clip(number)
            if clip.found is None or not 0 <= frame < clip.found.frame_count:
                raise Problem("not-found", "there is no such frame in this video")
            return clip.at(frame)

    def change_clip(self, number: int, wanted: Any) -> dict[str, Any]:
        """Takes over what a page changed of a video, and saves.

        Args:
            number: of the clip.
            wanted: object with ``revision`` and ``done`` as for :meth:`change`, ``changes`` as for
                :meth:`Clip.change`, or ``undo``: true.

        Returns:
            ``item``, and ``added``: the numbers of new tracks.

        Raises:
            ChangedMeanwhile, Problem: as :meth:`change`.
        """
        with self._lock:
            clip = self.clip(number)
            if not isinstance(wanted, dict) or not isinstance(wanted.get("done"), bool):
                raise Problem("bad-request", "an object with revision, changes and done is needed")
            if wanted.get("revision") != clip.revision:
                raise ChangedMeanwhile(clip.details())
            if clip.state in ("broken", "waiting"):
                raise Problem("bad-request", "this video cannot be changed: " + clip.reason)
            try:
                added = clip.change(wanted.get("changes", []))
            except ValueError as error:
                raise Problem("bad-request", str(error)) from None
            if wanted.get("undo") is True:
                clip.undo()
            clip.state = "done" if wanted["done"] else "open"
            clip.stale = clip.stale and not wanted["done"]
            self._touch(clip)
            self.save()
            return {"item": clip.details(), "added": added}

    def take_tracks(
        self, clip: Clip, found: VideoTracks, stamp: dict[str, Any], *, fresh: bool, stale: bool = False
    ) -> None:
        """Takes over the tracks of a video that was waiting for them, ``fresh`` ones to be saved and looked at."""
        with self._lock:
            clip.found, clip.stamp, clip.stale, clip.unsaved = found, stamp, stale, fresh
            clip.remade = stale
            reviewed = clip.fields.get("review") == "done" and not fresh
            clip.state = "done" if reviewed else "open"
            self._touch(clip)

    def tell_progress(self, clip: Clip, words: str) -> None:
        """How far the faces of a video are followed."""
        with self._lock:
            clip.progress = words
            self.revision += 1
            clip.revision = self.revision

    def take_found(self, item: Item, found: Found, size: tuple[int, int], stamp: dict[str, Any]) -> None:
        """Takes over what the detector found in an item that was waiting for it: faces, and what are perhaps some."""
        with self._lock:
            item.size, item.stamp = size, stamp
            item.take_found(*found)
            if item.state == "waiting":
                item.state = "open"
            self._touch(item)

    def confirm(self, item: Item, stamp: dict[str, Any]) -> None:
        """The file of an item that is done is the one that its boxes are of."""
        with self._lock:
            item.stamp = stamp

    def mark_stale(self, item: Item) -> None:
        """The file of an item changed after its boxes were saved: a person has to look again."""
        with self._lock:
            item.stale, item.state, item.perhaps = True, "waiting", []
            self._touch(item)

    def mark_broken(self, item: Item | Clip, problem: str) -> None:
        """An item cannot be read."""
        with self._lock:
            item.state, item.problem = "broken", problem
            self._touch(item)

    def save(self, overwrite: bool = False) -> bool:
        """Writes the file of boxes if anything changed; what went wrong stands in ``saving``.

        Returns:
            Whether all is saved.
        """
        with self._lock:
            if self.saving.state == "saved" and not overwrite:
                return True
            try:
                self.write(self.items, overwrite)
            except FileChanged as error:
                self.saving = Saving("failed", str(error), conflict=True)
            except OSError as error:
                self.saving = Saving("failed", f"{self.place}: {error.strerror or error}")
            else:
                self.saving = Saving()
            return self.saving.state == "saved"

    def _touch(self, item: Item | Clip) -> None:
        self.revision += 1
        item.revision = self.revision
        if self.saving.state == "saved":
            self.saving = Saving("unsaved")
