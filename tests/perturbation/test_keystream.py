"""ChaCha20 against the published vectors of RFC 8439, in every build of it, and addressing by block and nonce."""

import pytest
import reference

from fastperturb import _core

SEQUENCE = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
ZERO_KEY, ZERO_NONCE = "00" * 32, "00" * 12
# (key, counter, nonce, keystream block): RFC 8439, section 2.3.2 and appendix A.1, test vectors 1 to 5.
VECTORS = [
    (
        *(SEQUENCE, 1, "000000090000004a00000000"),
        "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
        "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
    ),
    (
        *(ZERO_KEY, 0, ZERO_NONCE),
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
    ),
    (
        *(ZERO_KEY, 1, ZERO_NONCE),
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
        "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
    ),
    (
        *("00" * 31 + "01", 1, ZERO_NONCE),
        "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
        "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
    ),
    (
        *("00ff" + "00" * 30, 2, ZERO_NONCE),
        "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
        "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
    ),
    (
        *(ZERO_KEY, 0, "00" * 11 + "02"),
        "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
        "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d",
    ),
]


@pytest.mark.parametrize(("key", "counter", "nonce", "block"), VECTORS)
def test_rfc_8439(isa, key, counter, nonce, block):
    made = _core.chacha20(bytes.fromhex(key), counter, bytes.fromhex(nonce), 1)
    assert made.hex() == block


@pytest.mark.parametrize(("key", "counter", "nonce", "block"), VECTORS)
def test_the_reference_agrees_with_rfc_8439(key, counter, nonce, block):
    assert reference.chacha20_block(bytes.fromhex(key), counter, bytes.fromhex(nonce)).hex() == block


@pytest.mark.parametrize("blocks", [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33])
def test_many_blocks_are_single_blocks_in_order(isa, blocks):
    key, nonce = bytes(range(32)), bytes(range(12))
    expected = b"".join(_core.chacha20(key, 7 + i, nonce, 1) for i in range(blocks))
    assert _core.chacha20(key, 7, nonce, blocks) == expected


def test_every_build_makes_the_same_keystream():
    made = set()
    before = _core.isa()
    for name in _core.available_isas():
        _core.use_isa(name)
        made.add(_core.chacha20(bytes(range(32)), 2**32 - 5, bytes(range(12)), 100))
    _core.use_isa(before)
    assert len(made) == 1


def test_wrong_sizes_are_refused():
    with pytest.raises(ValueError, match="key must have 32 bytes, got 31"):
        _core.chacha20(bytes(31), 0, bytes(12), 1)
    with pytest.raises(ValueError, match="nonce must have 12 bytes, got 8"):
        _core.chacha20(bytes(32), 0, bytes(8), 1)


def test_an_unknown_instruction_set_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"must be one of .*baseline on this processor, got 'mmx'"):
        _core.use_isa("mmx")
