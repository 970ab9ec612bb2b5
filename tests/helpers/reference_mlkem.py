"""ML-KEM-768, slowly and out of its standard (FIPS 203): keys out of a seed, and secrets exchanged under them."""

import hashlib

Q, RANK = 3329, 3
Polynomial = list[int]


def _reversed_bits(number: int) -> int:
    return int(f"{number:07b}"[::-1], 2)


ZETAS = [pow(17, _reversed_bits(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * _reversed_bits(i) + 1, Q) for i in range(128)]


def _halves() -> list[tuple[int, int, int]]:
    """(start, length, zeta) of each block of the transform, in order."""
    number, result = 1, []
    for length in (128, 64, 32, 16, 8, 4, 2):
        for start in range(0, 256, 2 * length):
            result.append((start, length, ZETAS[number]))
            number += 1
    return result


def transform(f: Polynomial) -> Polynomial:
    f = list(f)
    for start, length, zeta in _halves():
        for j in range(start, start + length):
            t = zeta * f[j + length]
            f[j], f[j + length] = (f[j] + t) % Q, (f[j] - t) % Q
    return f


def untransform(f: Polynomial) -> Polynomial:
    f = list(f)
    for start, length, zeta in reversed(_halves()):
        for j in range(start, start + length):
            a, b = f[j], f[j + length]
            f[j], f[j + length] = (a + b) % Q, (a - b) * pow(zeta, -1, Q) % Q
    return [value * pow(128, -1, Q) % Q for value in f]


def _product(f: Polynomial, g: Polynomial) -> Polynomial:
    """Of transformed polynomials."""
    result = []
    for i, gamma in enumerate(GAMMAS):
        a, b, c, d = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        result += [(a * c + b * d * gamma) % Q, (a * d + b * c) % Q]
    return result


def _plus(f: Polynomial, g: Polynomial) -> Polynomial:
    return [(a + b) % Q for a, b in zip(f, g, strict=True)]


def _dot(rows: list[Polynomial], columns: list[Polynomial]) -> Polynomial:
    total = [0] * 256
    for f, g in zip(rows, columns, strict=True):
        total = _plus(total, _product(f, g))
    return total


def encode(f: Polynomial, bits: int) -> bytes:
    return sum(value << bits * i for i, value in enumerate(f)).to_bytes(32 * bits, "little")


def decode(data: bytes, bits: int) -> Polynomial:
    number = int.from_bytes(data, "little")
    return [number >> bits * i & (1 << bits) - 1 for i in range(256)]


def _compress(f: Polynomial, bits: int) -> Polynomial:
    return [((value << bits + 1) + Q) // (2 * Q) % (1 << bits) for value in f]


def _decompress(f: Polynomial, bits: int) -> Polynomial:
    return [(2 * value * Q + (1 << bits)) // (1 << bits + 1) for value in f]


def _parts(data: bytes, bits: int) -> list[Polynomial]:
    return [decode(data[start : start + 32 * bits], bits) for start in range(0, len(data), 32 * bits)]


def _uniform(seed: bytes) -> Polynomial:
    stream, at, result = hashlib.shake_128(seed).digest(1536), 0, []
    while len(result) < 256:
        a, b, c = stream[at : at + 3]
        at += 3
        result += [d for d in (a + 256 * (b % 16), b // 16 + 16 * c) if d < Q]
    return result[:256]


def _matrix(rho: bytes) -> list[list[Polynomial]]:
    return [[_uniform(rho + bytes([j, i])) for j in range(RANK)] for i in range(RANK)]


def _small(seed: bytes, number: int) -> Polynomial:
    bits = int.from_bytes(hashlib.shake_256(seed + bytes([number])).digest(128), "little")
    pairs = [(bits >> 4 * i & 3, bits >> 4 * i + 2 & 3) for i in range(256)]
    return [(a.bit_count() - b.bit_count()) % Q for a, b in pairs]


def _two_halves(data: bytes) -> tuple[bytes, bytes]:
    digest = hashlib.sha3_512(data).digest()
    return digest[:32], digest[32:]


def key_pair(d: bytes) -> tuple[list[Polynomial], bytes]:
    """The transformed secret vector and the public key (1,184 bytes) that 32 bytes give."""
    rho, sigma = _two_halves(d + bytes([RANK]))
    secret = [transform(_small(sigma, i)) for i in range(RANK)]
    noise = [transform(_small(sigma, RANK + i)) for i in range(RANK)]
    rows = [_plus(_dot(row, secret), e) for row, e in zip(_matrix(rho), noise, strict=True)]
    return secret, b"".join(encode(row, 12) for row in rows) + rho


def _encrypt(public: bytes, message: bytes, coins: bytes) -> bytes:
    rows, matrix = _parts(public[:-32], 12), _matrix(public[-32:])
    y = [transform(_small(coins, i)) for i in range(RANK)]
    columns = [[matrix[j][i] for j in range(RANK)] for i in range(RANK)]
    u = [_plus(untransform(_dot(column, y)), _small(coins, RANK + i)) for i, column in enumerate(columns)]
    v = _plus(_plus(untransform(_dot(rows, y)), _small(coins, 2 * RANK)), _decompress(decode(message, 1), 1))
    return b"".join(encode(_compress(part, 10), 10) for part in u) + encode(_compress(v, 4), 4)


def encapsulate(public: bytes, message: bytes) -> tuple[bytes, bytes]:
    """The shared secret and the ciphertext (1,088 bytes) that 32 random bytes give."""
    shared, coins = _two_halves(message + hashlib.sha3_256(public).digest())
    return shared, _encrypt(public, message, coins)


def decapsulate(seed: bytes, ciphertext: bytes) -> bytes:
    """The shared secret, for who has d and z: 64 bytes."""
    secret, public = key_pair(seed[:32])
    u, v = (_parts(ciphertext[:960], 10), decode(ciphertext[960:], 4))
    noisy = untransform(_dot(secret, [transform(_decompress(part, 10)) for part in u]))
    difference = [(a - b) % Q for a, b in zip(_decompress(v, 4), noisy, strict=True)]
    shared, again = encapsulate(public, encode(_compress(difference, 1), 1))
    return shared if again == ciphertext else hashlib.shake_256(seed[32:] + ciphertext).digest(32)
