"""AES-256-GCM, slowly and out of its standards: FIPS 197 and NIST SP 800-38D."""

from functools import cache


def _times_x(a: int) -> int:
    """In the field of AES, modulo x^8 + x^4 + x^3 + x + 1."""
    return (a << 1) ^ (0x11B if a & 0x80 else 0)


def _product(a: int, b: int) -> int:
    total = 0
    while b:
        total ^= a if b & 1 else 0
        a, b = _times_x(a), b >> 1
    return total


def _substitute(a: int) -> int:
    """The S-box: the inverse (the 254th power), and an affine map."""
    inverse = 1
    for _ in range(254):
        inverse = _product(inverse, a)
    result = 0x63
    for turn in range(5):
        result ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
    return result


S_BOX = [_substitute(a) for a in range(256)]
DOUBLE = [_times_x(a) for a in range(256)]


@cache
def _round_keys(key: bytes) -> list[list[int]]:
    """Of AES-256: 15 round keys of 16 bytes."""
    words = [list(key[i : i + 4]) for i in range(0, 32, 4)]
    constant = 1
    for i in range(8, 60):
        word = list(words[i - 1])
        if i % 8 == 0:
            word = [S_BOX[b] for b in word[1:] + word[:1]]
            word[0] ^= constant
            constant = _times_x(constant)
        elif i % 8 == 4:
            word = [S_BOX[b] for b in word]
        words.append([a ^ b for a, b in zip(word, words[i - 8], strict=True)])
    return [[b for word in words[i : i + 4] for b in word] for i in range(0, 60, 4)]


def aes256(key: bytes, block: bytes) -> bytes:
    keys = _round_keys(key)
    state = [a ^ b for a, b in zip(block, keys[0], strict=True)]
    for number in range(1, 15):
        state = [S_BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]  # SubBytes and ShiftRows
        if number < 14:
            mixed = []
            for c in range(0, 16, 4):
                column = state[c : c + 4]
                everything = column[0] ^ column[1] ^ column[2] ^ column[3]
                mixed += [column[i] ^ everything ^ DOUBLE[column[i] ^ column[(i + 1) % 4]] for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, keys[number], strict=True)]
    return bytes(state)


@cache
def _multiples(h: int) -> list[list[int]]:
    """For each byte of a block and each of its values, its product with the hash key."""
    powers = [h]
    for _ in range(127):
        last = powers[-1]
        powers.append(last >> 1 ^ (0xE1 << 120 if last & 1 else 0))
    tables = []
    for place in range(0, 128, 8):
        table = [0]
        for power in reversed(powers[place : place + 8]):  # the first bit of a byte is the lowest power
            table += [entry ^ power for entry in table]
        tables.append(table)
    return tables


def gcm_tag(key: bytes, iv: bytes, data: bytes, ciphertext: bytes) -> bytes:
    """The tag of additional data and a ciphertext; ``iv`` has 12 bytes."""
    tables = _multiples(int.from_bytes(aes256(key, bytes(16)), "big"))
    padded = data + bytes(-len(data) % 16) + ciphertext + bytes(-len(ciphertext) % 16)
    padded += (8 * len(data)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    total = 0
    for start in range(0, len(padded), 16):
        mixed = (total ^ int.from_bytes(padded[start : start + 16], "big")).to_bytes(16, "big")
        total = 0
        for table, byte in zip(tables, mixed, strict=True):
            total ^= table[byte]
    return (total ^ int.from_bytes(aes256(key, iv + b"\0\0\0\1"), "big")).to_bytes(16, "big")


def gmac(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The tag of ``data`` as additional data, without plaintext."""
    return gcm_tag(key, iv, data, b"")


@cache
def _keystream(key: bytes, iv: bytes, blocks: int) -> bytes:
    return b"".join(aes256(key, iv + number.to_bytes(4, "big")) for number in range(2, blocks + 2))


def gcm_crypt(key: bytes, iv: bytes, text: bytes) -> bytes:
    """Counter mode, which encrypts and decrypts."""
    stream = _keystream(key, iv, -(-len(text) // 16))
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))
