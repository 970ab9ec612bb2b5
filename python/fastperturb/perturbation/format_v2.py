"""Making records of version 2, by who has the image; :mod:`.format_v2_open` opens them. docs/format-2.md defines both.

A :class:`Draft` comes first, for it has the keys that windows and camouflage draw from; then, with all pixels drawn,
:func:`seal_record`. Originals and options must be one private copy, or another thread could change them in between.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..checks import Image, dtype_name
from ..face_key import RECORD_ID_BYTES, FaceKey
from ..key import Key
from ..recipients import Recipient
from . import aes_gcm, seal_coding
from . import format_v2_keys as keys
from .format_v2_recipients import wrap
from .jpeg_layout import JpegLayout
from .record_v2 import NO_REST, RecordV2, check_core
from .record_v2_bytes import authenticated_bytes, core_bytes, entry_bytes, pack_entry
from .record_v2_parts import (
    IV_BYTES,
    MAC_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    Entry,
    RegionV2,
    Rest,
    Scene,
    Stanza,
    State,
    unchecked,
)
from .seal_coding import Bytes, Mask, Owned

_NO_SALT = bytes(SALT_BYTES)


class Draft:
    """The secret, nonce and keys of a record that is about to be made."""

    __slots__ = (
        "bound",
        "commitment",
        "core",
        "dtype",
        "faces",
        "layout",
        "nonce",
        "pixels",
        "regions",
        "reproducible",
        "secret",
        "shape",
    )

    def __init__(
        self,
        image: Image,
        regions: Sequence[RegionV2],
        reproducible: tuple[Key, bytes] | None = None,
        pixels: bytes | None = None,
        layout: JpegLayout | None = None,
    ) -> None:
        """For a checked image and its final regions.

        Args:
            image: the original; its pixels are read in reproducible mode only.
            regions: where and how it will be protected.
            reproducible: a key and bytes of all options on which the result depends; equal images, regions, keys and
                options then give equal records.
            pixels: the digest of the image's pixels, where another draft of the same image has it.
            layout: of a JPEG whose coefficients are protected; then ``pixels`` is the digest of these.
        """
        self.shape, self.dtype, self.regions, self.layout = image.shape, dtype_name(image), tuple(regions), layout
        check_core(self.shape, self.dtype, self.regions, layout)
        self.core = core_bytes(self.shape, self.dtype, self.regions, layout)
        self.reproducible = reproducible is not None
        self.pixels: bytes | None = None
        if reproducible is None:
            self.secret, self.nonce = os.urandom(keys.SECRET_BYTES), os.urandom(NONCE_BYTES)
        else:
            key, options = reproducible
            self.pixels = keys.digest(Owned(image, None).blocks()) if pixels is None else pixels
            self.secret = keys.reproducible_secret(key, self.core, options, self.pixels)
            self.nonce = keys.reproducible_nonce(self.secret)
        self.commitment = keys.commitment(self.secret, self.core, self.nonce)
        self.bound = keys.binding(self.core, self.nonce, self.commitment)
        self.faces = [keys.face_secret(self.secret, self.commitment, index) for index in range(len(self.regions))]

    def permutation_keys(self) -> list[bytes]:
        """One ChaCha20 key a region."""
        return [keys.permutation_key(face) for face in self.faces]

    def face_key(self, index: int) -> FaceKey:
        """The key that will open one region: whoever seals to a public key can hand it out now and never again."""
        return FaceKey(self.nonce[:RECORD_ID_BYTES], index, self.faces[index])

    def salt(self, secret: bytes, purpose: bytes, plain: bytes) -> bytes:
        """Of a seal: random, or made of what it holds."""
        return keys.reproducible_salt(secret, purpose, plain) if self.reproducible else os.urandom(SALT_BYTES)

    def tag(self, secret: bytes, purpose: bytes, key: bytes, pixels: Bytes) -> tuple[bytes, bytes]:
        """An initialisation vector, random or made of the pixels, and the tag of the pixels."""
        if self.reproducible:
            iv = keys.reproducible_iv(secret, purpose, keys.digest(pixels.blocks()))
        else:
            iv = os.urandom(IV_BYTES)
        return iv, aes_gcm.gmac(key, iv, pixels.blocks())


class RegionContent(Protocol):
    """What a region was and what it shows."""

    @property
    def original(self) -> Any:
        """What is sealed; None: no seal is made."""

    def shown_bytes(self) -> Bytes:
        """What is authenticated."""

    def plaintext(self, *, full: bool, reproducible: bool) -> bytes:
        """Of the seal, padded; see :func:`seal_coding.encode`."""


@dataclass(frozen=True, slots=True)
class RegionPixels:
    """One region's crops of an image before and after, and which of their pixels it owns.

    Attributes:
        original: what is sealed; None: no seal is made.
        shown: what is authenticated.
        mask: owned pixels, None for all.
        data: the bytes of the shown pixels, where they are at hand.
    """

    original: Image | None
    shown: Image
    mask: Mask
    data: bytes | None = None

    def shown_bytes(self) -> Owned:
        """What is authenticated."""
        return Owned(self.shown, self.mask, self.data)

    def plaintext(self, *, full: bool, reproducible: bool) -> bytes:
        """Of the seal."""
        if self.original is None:
            raise ValueError("original must be pixels: nothing is sealed without")
        return seal_coding.encode(self.original, self.mask, full=full, reproducible=reproducible)


@dataclass(frozen=True, slots=True)
class SealOptions:
    """How seals are kept.

    Attributes:
        beside: seals and metadata in a file of their own instead of in the record.
        full: seals as long as they can be, so that their length says nothing of the pixels.
        rest: metadata to be sealed, up to 16 MiB less 8 bytes; None for none.
    """

    beside: bool = False
    full: bool = False
    rest: bytes | None = None

    @property
    def state(self) -> State:
        """Of the seals that are made."""
        return "beside" if self.beside else "here"


def seal_record(
    draft: Draft,
    pixels: Sequence[RegionContent],
    recipients: Sequence[Recipient | Stanza],
    *,
    scene: Bytes | None = None,
    options: SealOptions = SealOptions(),
) -> RecordV2:
    """The record of an image that has been protected.

    Args:
        draft: with the keys that were drawn from.
        pixels: one a region.
        recipients: who can open it: master keys, and stanzas that were made for others. None: nobody, and then no seal
            may be asked for.
        scene: all pixels that no region owns; None: they are not authenticated.
        options: how seals are kept.

    Raises:
        ValueError: seals for nobody, or not one item a region.
        RecordError: more than 16 recipients, or metadata over 16 MiB.
    """
    if len(pixels) != len(draft.regions):
        raise ValueError(f"pixels must name {len(draft.regions)} regions, got {len(pixels)}")
    if not recipients and (options.rest is not None or any(item.original is not None for item in pixels)):
        raise ValueError("a seal must have a recipient: without a key, make none")
    entries, seals = [], []
    for index, item in enumerate(pixels):
        entry, seal = _seal_region(draft, index, item, options)
        entries.append(entry)
        seals.append(seal)
    rest, rest_seal = _seal_rest(draft, options)
    surroundings = None
    if scene is not None:
        key = keys.scene_key(draft.secret, draft.commitment)
        surroundings = Scene(*draft.tag(draft.secret, b"fp2 scene iv", key, scene))
    record = RecordV2.made(
        draft.shape,
        draft.dtype,
        draft.regions,
        draft.nonce,
        draft.commitment,
        tuple(entries),
        bytes(MAC_BYTES),
        surroundings,
        rest,
        wrap(recipients, draft.secret, draft.nonce, draft.commitment),
        (*seals, rest_seal),
        draft.layout,
    )
    record.set_mac(keys.record_mac(draft.secret, authenticated_bytes(record, draft.core)))
    return record


def signed(record: RecordV2, secret: bytes) -> RecordV2:
    """The record with the MAC that its secret gives."""
    return record.with_mac(keys.record_mac(secret, authenticated_bytes(record)))


def entry_of(draft_bound: bytes, face: bytes, index: int, entry: Entry) -> Entry:
    """An entry with the MAC that its face key gives."""
    return replace(entry, mac=keys.entry_mac(face, draft_bound, index, entry_bytes(entry)))


def _new_entry(draft: Draft, index: int, state: State, length: int, *values: bytes) -> Entry:
    """An entry of those values (salt, iv, tag) with its MAC."""
    salt, iv, tag = values
    mac = keys.entry_mac(draft.faces[index], draft.bound, index, pack_entry(state, length, salt, iv, tag))
    return unchecked(Entry, state, length, salt, iv, tag, mac)


def _seal_region(draft: Draft, index: int, item: RegionContent, options: SealOptions) -> tuple[Entry, bytes | None]:
    face = draft.faces[index]
    iv, tag = draft.tag(face, b"fp2 iv", keys.tag_key(face), item.shown_bytes())
    if item.original is None:
        return _new_entry(draft, index, "none", 0, _NO_SALT, iv, tag), None
    plain = item.plaintext(full=options.full, reproducible=draft.reproducible)
    salt = draft.salt(face, b"fp2 salt", plain)
    seal = aes_gcm.seal(keys.seal_key(face, salt), plain)
    return _new_entry(draft, index, options.state, len(seal), salt, iv, tag), seal


def _seal_rest(draft: Draft, options: SealOptions) -> tuple[Rest, bytes | None]:
    if options.rest is None:
        return NO_REST, None
    plain = seal_coding.encode_rest(options.rest)
    salt = draft.salt(draft.secret, b"fp2 rest salt", plain)
    seal = aes_gcm.seal(keys.rest_key(draft.secret, draft.commitment, salt), plain)
    return Rest(options.state, len(seal), salt), seal
