"""AES-256-GCM without plaintext (GMAC, NIST SP 800-38D) of cryptography, loaded at first use and safe across forks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

IV = bytes(12)
"""The initialisation vector of version 1, under keys that are used once."""

_loading = threading.RLock()
if hasattr(os, "register_at_fork"):
    # A child of a process in which another thread loads would find locks of the import and of OpenSSL taken for ever.
    os.register_at_fork(before=_loading.acquire, after_in_parent=_loading.release, after_in_child=_loading.release)


@cache
def gmac() -> tuple[type[AESGCM], Callable[[bytes], AEADEncryptionContext]]:
    """AES-GCM of cryptography for bytes in one piece and for more; loaded with the first image, not with the package.

    Both are used once, for OpenSSL sets itself up then; from there on it takes no lock but to read, and keeps nothing
    for each thread.
    """
    with _loading:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        def in_parts(key: bytes) -> AEADEncryptionContext:
            return Cipher(algorithms.AES(key), modes.GCM(IV)).encryptor()

        AESGCM(bytes(32)).encrypt(IV, b"", b"")
        gmac = in_parts(bytes(32))
        gmac.authenticate_additional_data(b"")
        gmac.finalize()
        return AESGCM, in_parts
