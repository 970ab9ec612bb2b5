"""Records of a JPEG's coefficients after docs/format-2.md, slow and plain: a baseline JPEG, its record, its seals."""

import base64
import json
import struct

import numpy as np
import reference_seal_keys as keys
import reference_v2
from reference_gmac import gmac
from reference_record import Refused, require


class Bits:
    """The bits of entropy-coded data, a marker's zero byte left out."""

    def __init__(self, data: bytes) -> None:
        self.data = data.replace(b"\xff\0", b"\xff")
        self.at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            require(self.at < 8 * len(self.data), "data are missing")
            value = value * 2 + (self.data[self.at // 8] >> (7 - self.at % 8) & 1)
            self.at += 1
        return value

    def symbol(self, table: dict) -> int:
        code = 0
        for length in range(1, 17):
            code = code * 2 + self.take(1)
            if (length, code) in table:
                return table[length, code]
        raise Refused("a code that no table has")

    def number(self, size: int) -> int:
        value = self.take(size)
        return value if size == 0 or value >= 1 << (size - 1) else value - (1 << size) + 1


def read_table(data: bytes) -> tuple[dict, int]:
    """Codes to symbols, and how many bytes the table has."""
    table, code, at = {}, 0, 16
    for length in range(1, 17):
        for _ in range(data[length - 1]):
            table[length, code] = data[at]
            code, at = code + 1, at + 1
        require(code <= 1 << length, "more codes than there are")
        code *= 2
    return table, at


def read_mcus(bits: Bits, count: int, factors: list, tables: list) -> np.ndarray:
    """(count, blocks, 64): one sequential scan; ``tables`` has DC and AC of each component."""
    before = [0] * len(factors)
    mcus = []
    for _ in range(count):
        blocks = []
        for component, (across, down) in enumerate(factors):
            dc, ac = tables[component]
            for _ in range(across * down):
                before[component] += bits.number(bits.symbol(dc))
                block, k = [before[component]] + [0] * 63, 1
                while k < 64:
                    symbol = bits.symbol(ac)
                    if symbol == 0:
                        break
                    k += symbol >> 4
                    if symbol & 15:
                        require(k < 64, "a run beyond a block")
                        block[k] = bits.number(symbol & 15)
                    k += 1
                blocks.append(block)
        mcus.append(blocks)
    return np.array(mcus, np.int16)


def segments(data: bytes):
    at = 2
    while True:
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        yield marker, data[at + 4 : at + 2 + length], at + 2 + length
        at += 2 + length
        if marker == 0xDA:
            return


def read_jpeg(data: bytes) -> dict:
    """A baseline JPEG of one scan without restarts: shape, factors, tables and MCUs in raster order."""
    quantisers, coders = {}, {}
    for marker, body, end in segments(data):
        while marker == 0xDB and body:
            quantisers[body[0]], body = list(body[1:65]), body[65:]
        while marker == 0xC4 and body:
            coders[body[0]], used = read_table(body[1:])
            body = body[1 + used :]
        if marker == 0xC0:
            height, width = struct.unpack_from(">HH", body, 1)
            components = [tuple(body[6 + 3 * i : 9 + 3 * i]) for i in range(body[5])]
        if marker == 0xDA:
            chosen = [body[2 + 2 * i] for i in range(body[0])]
            begin = end
    factors = [(f >> 4, f & 15) if len(components) > 1 else (1, 1) for _, f, _ in components]
    wide, high = (8 * max(pair[axis] for pair in factors) for axis in (0, 1))
    rows, columns = -(-height // high), -(-width // wide)
    tables = [(coders[place >> 4], coders[16 + (place & 15)]) for place in chosen]
    mcus = read_mcus(Bits(data[begin:-2]), rows * columns, factors, tables)
    return {
        "shape": [height, width],
        "factors": factors,
        "quantisers": [quantisers[q] for _, _, q in components],
        "mcu": (wide, high),
        "grid": (rows, columns),
        "mcus": mcus,
    }


def boxes_in(data: bytes) -> bytes:
    """The record with its seals out of the JUMBF boxes of a file, each of whose packets is a segment."""
    payloads = {}
    for marker, body, _ in segments(data):
        if marker == 0xEB:
            mark, number, _ = struct.unpack_from(">2sHI", body)
            require(mark == b"JP", "another segment")
            payloads[number] = payloads.get(number, b"") + body[16:]
    record, seals = b"", []
    for payload in payloads.values():
        (length,) = struct.unpack_from(">I", payload)
        label = payload[25 : length - 1].decode()
        content, at = {}, length
        while at < len(payload):
            size, kind = struct.unpack_from(">I4s", payload, at)
            content[kind], at = payload[at + 8 : at + size], at + size
        if label == "fastperturb.record":
            record = base64.b64decode(json.loads(content[b"json"])["data"])
        elif label.startswith("fastperturb.seal."):
            seals.append((int(label.rpartition(".")[2]), content[b"bidb"]))
    return record + b"".join(seal for _, seal in sorted(seals))


def parse(data: bytes) -> dict:
    """A record of carrier 1 with one master key, a scene, and seals inside, of metadata too if there are any."""
    magic, carrier, sample, height, width, channels, count = struct.unpack_from("<12sBBIIBH", data)
    require((magic, carrier, sample) == (b"fastperturb\2", 1, 1) and channels in (0, 3), "no record of a JPEG")
    at = 25
    layout = [struct.unpack_from("<B64H", data, at + 129 * i) for i in range(channels or 1)]
    at += 129 * len(layout)
    regions = []
    for _ in range(count):
        x, y, w, h, shape = struct.unpack_from("<iiIIB", data, at)
        regions.append({"x": x, "y": y, "width": w, "height": h, "shape": ("box", "ellipse")[shape], "window": 4})
        at += 32
    core, nonce, commit = data[:at], data[at : at + 24], data[at + 24 : at + 56]
    at += 56
    entries = [data[at + 85 * i : at + 85 * i + 85] for i in range(count)]
    at += 85 * count
    scene, at = data[at + 1 : at + 29], at + 29
    rest, at = (0, b""), at + 1
    if data[at - 1]:
        require(data[at - 1] == 1, "metadata that are here")
        rest, at = struct.unpack_from("<Q16s", data, at), at + 24
    require(data[at] == 1, "one recipient")
    stanza, at = data[at + 4 : at + 60], at + 60
    return {
        "shape": [height, width],
        "factors": [(item[0] >> 4, item[0] & 15) for item in layout],
        "quantisers": [list(item[1:]) for item in layout],
        "regions": regions,
        "core": core,
        "nonce": nonce,
        "commit": commit,
        "entries": entries,
        "scene": scene,
        "rest": rest,
        "stanza": stanza,
        "before": data[:at],
        "mac": data[at : at + 32],
        "seals": data[at + 32 :],
    }


def owners(jpeg: dict, regions: list) -> np.ndarray:
    """The region that owns each MCU, -1 for none."""
    pixels = reference_v2.owners(*jpeg["shape"], regions)
    wide, high = jpeg["mcu"]
    found = np.full(jpeg["grid"], -1)
    for row in range(found.shape[0]):
        for column in range(found.shape[1]):
            inside = pixels[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
            counts = [int((inside == index).sum()) for index in range(len(regions))]
            if max(counts) > 0:
                found[row, column] = counts.index(max(counts))
    return found.reshape(-1)


def metadata(data: bytes, key: bytes) -> bytes:
    """The sealed metadata of a protected file."""
    record = parse(boxes_in(data))
    length, salt = record["rest"]
    require(length > 0, "metadata")
    secret = keys.gcm_open(keys.wrap_key(key, record["nonce"], record["commit"]), bytes(12), record["stanza"][8:])
    plain = keys.stream_open(keys.rest_key(secret, record["commit"], salt), record["seals"][-length:])
    size = int.from_bytes(plain[:8], "little")
    require(0 <= len(plain) - 8 - size < 4096 and not any(plain[8 + size :]), "padding")
    return plain[8 : 8 + size]


def restore(data: bytes, key: bytes) -> np.ndarray:
    """The original MCUs of a protected file."""
    jpeg, record = read_jpeg(data), parse(boxes_in(data))
    require(all(jpeg[name] == record[name] for name in ("shape", "factors", "quantisers")), "another JPEG")
    nonce, commit, stanza = record["nonce"], record["commit"], record["stanza"]
    require(stanza[:8] == keys.hint(key, nonce), "another key")
    secret = keys.gcm_open(keys.wrap_key(key, nonce, commit), bytes(12), stanza[8:])
    require(keys.commitment(secret, record["core"], nonce) == commit, "COMMIT")
    require(keys.keyed(secret, b"fp2 record", record["before"]) == record["mac"], "Z")
    owner, bound = owners(jpeg, record["regions"]), keys.binding(record["core"], nonce, commit)
    mcus, seals = jpeg["mcus"].copy(), record["seals"]
    blocks = mcus.shape[1]
    for index, entry in enumerate(record["entries"]):
        face, owned = keys.face_secret(secret, commit, index), owner == index
        require(keys.entry_mac(face, bound, index, entry) == entry[53:], "E")
        state, length, salt, iv, tag = struct.unpack("<BQ16s12s16s", entry[:53])
        require(state == 1, "a seal that is here")
        require(gmac(keys.tag_key(face), iv, jpeg["mcus"][owned].astype("<i2").tobytes()) == tag, "the region's tag")
        plain, seals = keys.stream_open(keys.seal_key(face, salt), seals[:length]), seals[length:]
        count = int(owned.sum())
        step = max(256, -(-count * jpeg["mcu"][0] * jpeg["mcu"][1] // 16))
        codec, size = struct.unpack_from("<BQ", plain)
        require(len(plain) % step == 0 and not any(plain[9 + size :]), "padding")
        mcus[owned] = unpack(plain[9 : 9 + size], codec, count, record["factors"], blocks)
    require(len(seals) == record["rest"][0], "bytes left over")
    scene = jpeg["mcus"][owner < 0].astype("<i2").tobytes()
    require(
        gmac(keys.scene_key(secret, commit), record["scene"][:12], scene) == record["scene"][12:], "the scene's tag"
    )
    return mcus


def unpack(body: bytes, codec: int, count: int, factors: list, blocks: int) -> np.ndarray:
    if codec == 0:
        return np.frombuffer(body, "<i2").reshape(count, blocks, 64)
    require(codec == 2, "another codec")
    tables, at = [], 0
    for _ in range(2 if len(factors) == 1 else 4):
        table, used = read_table(body[at:])
        tables.append(table)
        at += used
    pairs = [tables[:2], tables[2:], tables[2:]][: len(factors)]
    bits = Bits(body[at:])
    found = read_mcus(bits, count, factors, pairs)
    require(8 * len(bits.data) - bits.at < 8, "bytes left over")
    return found
