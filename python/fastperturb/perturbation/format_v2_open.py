"""Opening records of version 2: what their keys say is whole, the pixels that their seals hold, keys for single faces.

The rule: nothing of a record is used before its MAC holds or, for a region, before the MAC of its entry holds under its
face key; nothing of a seal is decrypted before that. What comes out of a seal is checked as if anybody had written it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..checks import Image
from ..errors import RecordError, Tampered, WrongKey
from ..face_key import RECORD_ID_BYTES, FaceKey
from ..key import Key
from ..recipients import Recipient
from . import aes_gcm, seal_coding
from . import format_v2_keys as keys
from .format_v2 import entry_of, signed
from .format_v2_recipients import Origin, find_secret, has_hint, wrap
from .record_v2 import RecordV2, check_length
from .record_v2_bytes import authenticated_bytes, core_bytes, entry_bytes
from .record_v2_parts import SALT_BYTES, Rest, Stanza
from .seal_coding import Bytes, Mask, Owned, Sealed

CHANGED = "the record was changed since it was written"


class Opened:
    """A record with the keys that open all of it or one face.

    Attributes:
        record: as it came.
        whole: whether the record is as it was written; None for a face key, which cannot tell. False only where the
            caller allowed it: every region is then checked for itself.
        origin: who can have made the record; None for a face key, which cannot tell.
    """

    __slots__ = ("_bound", "_faces", "_secret", "origin", "record", "whole")

    def __init__(self, record: RecordV2, key: Key | FaceKey | Sequence[Key], *, strict: bool = True) -> None:
        """Opens a record.

        Args:
            record: of version 2.
            key: a master key, several of which one may be right, or a face key.
            strict: refuse a record whose MAC does not hold. Otherwise its regions may still be read one by one.

        Raises:
            WrongKey: it was not made for any of these keys.
            Tampered: it was changed.
        """
        core = core_bytes(record.shape, record.dtype, record.regions, record.layout)
        self.record = record
        self._bound = keys.binding(core, record.nonce, record.commitment)
        self._faces: dict[int, bytes] = {}
        self._secret: bytes | None = None
        self.whole: bool | None = None
        self.origin: Origin | None = None
        if isinstance(key, FaceKey):
            self._open_face(key)
            return
        self._secret, self.origin = _unwrapped(record, (key,) if isinstance(key, Key) else key, core)
        mac = keys.record_mac(self._secret, authenticated_bytes(record, core))
        self.whole = hmac.compare_digest(mac, record.mac)
        if strict and not self.whole:
            raise Tampered(CHANGED)

    def _open_face(self, key: FaceKey) -> None:
        if key.record_id != self.record.nonce[:RECORD_ID_BYTES] or key.index >= len(self.record.regions):
            raise WrongKey("the face key is of another picture")
        self._check_entry(key.index, key.secret())

    def face(self, index: int) -> bytes:
        """The face key of a region, once the MAC of its entry holds under it.

        Raises:
            WrongKey: the record was opened with the face key of another region.
            Tampered: the entry, or what the record says of its image and regions, was changed.
        """
        if index not in self._faces:
            if self._secret is None:
                raise WrongKey(f"the face key opens region {min(self._faces)}, got region {index}")
            self._check_entry(index, keys.face_secret(self._secret, self.record.commitment, index))
        return self._faces[index]

    def _check_entry(self, index: int, face: bytes) -> None:
        entry = self.record.entries[index]
        mac = keys.entry_mac(face, self._bound, index, entry_bytes(entry))
        if not hmac.compare_digest(mac, entry.mac):
            raise Tampered(f"region {index} of the record was changed, or the key is of another region")
        self._faces[index] = face

    def permutation_key(self, index: int) -> bytes:
        """The ChaCha20 key of a region's windows; raises as :meth:`face`."""
        return keys.permutation_key(self.face(index))

    def is_shown(self, index: int, crop: Image, mask: Mask) -> bool:
        """Whether the pixels that a region owns are the ones that were written; raises as :meth:`face`."""
        return self.is_tagged(index, Owned(crop, mask))

    def is_tagged(self, index: int, shown: Bytes) -> bool:
        """The same of the bytes of what it owns."""
        entry = self.record.entries[index]
        tag = aes_gcm.gmac(keys.tag_key(self.face(index)), entry.iv, shown.blocks())
        return hmac.compare_digest(tag, entry.tag)

    def is_scene(self, scene: Bytes) -> bool | None:
        """Whether the pixels that no region owns are the ones that were written; None if nobody can tell."""
        if self._secret is None or self.record.scene is None:
            return None
        key = keys.scene_key(self._secret, self.record.commitment)
        tag = aes_gcm.gmac(key, self.record.scene.iv, scene.blocks())
        return hmac.compare_digest(tag, self.record.scene.tag)

    def read_seal(self, index: int, owned: int) -> Sealed:
        """The original pixels of a region that owns ``owned`` pixels; raises as :meth:`open_seal`."""
        plain = self.open_seal(index, owned)
        return seal_coding.decode(plain, self.record.seal_size(owned).raw, f"the seal of region {index}")

    def open_seal(self, index: int, owned: int) -> bytes:
        """The plaintext of the seal of a region that owns so many pixels or, of a JPEG, MCUs; nothing is written.

        Raises:
            WrongKey, Tampered: as :meth:`face`; the seal is damaged, or another one.
            RecordError: there is no such seal, it is not at hand, or it holds something else than these pixels.
        """
        record, what = self.record, f"the seal of region {index}"
        face = self.face(index)
        entry, seal = record.entries[index], record.seals[index]
        if not entry.length:
            raise RecordError(f"{what} was erased" if entry.state == "erased" else f"{what} was never made")
        if seal is None:
            raise RecordError(f"{what} is missing: it is in a file beside the picture")
        check_length(index, entry.length, record.seal_size(owned), exact=True)
        plain = aes_gcm.open_seal(keys.seal_key(face, entry.salt), seal)
        if plain is None:
            raise Tampered(f"{what} is damaged, or it is another seal")
        return plain

    def read_rest(self) -> bytes | None:
        """The sealed metadata, None if there are none or only a face is open. Hostile input, as all that is sealed.

        Raises:
            Tampered: they are damaged, or the record was changed.
            RecordError: they are not at hand, or not what they must be.
        """
        rest, seal = self.record.rest, self.record.seals[-1]
        if self._secret is None or not rest.length:
            return None
        if not self.whole:
            raise Tampered(CHANGED)
        if seal is None:
            raise RecordError("the sealed metadata are missing: they are in a file beside the picture")
        key = keys.rest_key(self._secret, self.record.commitment, rest.salt)
        plain = aes_gcm.open_seal(key, seal)
        if plain is None:
            raise Tampered("the sealed metadata are damaged")
        return seal_coding.decode_rest(plain)

    def face_key(self, index: int) -> FaceKey:
        """The key that opens one region and nothing else; raises as :meth:`face`."""
        if not 0 <= index < len(self.record.regions):
            raise ValueError(f"index must be 0 to {len(self.record.regions) - 1}, got {index}")
        return FaceKey(self.record.nonce[:RECORD_ID_BYTES], index, self.face(index))

    def without_seals(self, indices: Iterable[int]) -> RecordV2:
        """The record with the seals of these regions erased for good. Copies made before keep them.

        Raises:
            WrongKey, Tampered: a face key cannot do this; a record that was changed is not written again.
            RecordError: a region has no seal.
        """
        secret, record = self._writing_secret(), self.record
        entries, seals = list(record.entries), list(record.seals)
        for index in indices:
            if not entries[index].length:
                raise RecordError(f"region {index} has no seal to erase")
            erased = replace(entries[index], state="erased", length=0, salt=bytes(SALT_BYTES))
            entries[index] = entry_of(self._bound, self.face(index), index, erased)
            seals[index] = None
        return signed(replace(record, entries=tuple(entries), seals=tuple(seals)), secret)

    def without_rest(self) -> RecordV2:
        """The record with its sealed metadata erased; raises as :meth:`without_seals`."""
        secret = self._writing_secret()
        return signed(replace(self.record, rest=Rest("erased"), seals=(*self.record.seals[:-1], None)), secret)

    def for_recipients(self, recipients: Sequence[Recipient | Stanza]) -> RecordV2:
        """The record for other recipients: they and its MAC change, nothing else. Copies made before keep the old.

        Raises:
            WrongKey, Tampered: as :meth:`without_seals`.
            ValueError: there is none, so that nobody could open it.
            RecordError: more than 16.
            MissingExtra: there is a public key, and cryptography is too old.
        """
        secret, record = self._writing_secret(), self.record
        if not recipients:
            raise ValueError("recipients must name at least one, or nobody can open the record")
        stanzas = wrap(recipients, secret, record.nonce, record.commitment, self.origin or "anyone")
        return signed(replace(record, stanzas=stanzas), secret)

    def _writing_secret(self) -> bytes:
        if self._secret is None:
            raise WrongKey("a face key opens one face; it cannot write the record")
        if not self.whole:
            raise Tampered(CHANGED)
        return self._secret


def _unwrapped(record: RecordV2, candidates: Sequence[Key], core: bytes) -> tuple[bytes, Origin]:
    found = find_secret(candidates, record.stanzas, core, record.nonce, record.commitment)
    if found is not None:
        return found
    if any(has_hint(key, stanza, record.nonce) for key in candidates for stanza in record.stanzas):
        raise Tampered(CHANGED)
    raise WrongKey("the record was made for none of the keys at hand")
