"""Files that hide a picture, and the names of people, in every place where metadata can, and how to look for them."""

import base64
import io
import struct
import zlib

import numpy as np
from file_cases import SRGB, noise, profile_of, saved, segment
from PIL import Image

from fastperturb.files.png import chunk

NAME = "Zaphod Beeblebrox"
PICTURE = saved(Image.fromarray(noise(24, 24, 3, seed=77)), "JPEG", quality=60)
"""What hides: a small JPEG."""
LETTERS = base64.b64encode(PICTURE)
_FORMS = (
    (PICTURE, 1.0),
    (LETTERS, 4 / 3),
    (PICTURE.hex().encode(), 2.0),
    (LETTERS.decode().encode("utf-16-le"), 8 / 3),
)
_SCAN = PICTURE.rindex(b"\xff\xda") + 16
"""Where its pixels begin: what stands before, other JPEGs have too."""
_RUN = 12
SIDES = (40, 56)
RGB = noise(*SIDES, 3, seed=5)
XMP_KEYWORD = b"XML:com.adobe.xmp\0\0\0\0\0"
XMP_NAMESPACES = """xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"
 xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:MP="http://ns.microsoft.com/photo/1.2/"
 xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
"""
PANO = 'GPano:ProjectionType="equirectangular" GPano:FullPanoWidthPixels="400" xmp:CreateDate="2024-05-06T07:08:09"'
PEOPLE = f"""<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li>
<rdf:Description mwg-rs:Name="{NAME}" mwg-rs:Type="Face"/></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
<MP:RegionInfo rdf:parseType="Resource"><MPReg:Regions><rdf:Bag><rdf:li MPReg:PersonDisplayName="{NAME}"/></rdf:Bag>
</MPReg:Regions></MP:RegionInfo><Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>{NAME}</rdf:li></rdf:Bag>
</Iptc4xmpExt:PersonInImage><dc:description><rdf:Alt><rdf:li xml:lang="x-default">{NAME} at sea</rdf:li></rdf:Alt>
</dc:description><dc:creator><rdf:Seq><rdf:li>{NAME}</rdf:li></rdf:Seq></dc:creator>"""


def xmp_of(inside="", attributes=PANO):
    """An XMP packet."""
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    described = f'<rdf:Description rdf:about="" {XMP_NAMESPACES} {attributes}>{inside}</rdf:Description>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{rdf}">{described}</rdf:RDF></x:xmpmeta>'.encode()


def directory(tags, start, order="<", following=0):
    """A directory of (tag, type, count, bytes), to stand at ``start``, and its values behind it."""
    table, bodies = struct.pack(order + "H", len(tags)), b""
    place = start + 2 + 12 * len(tags) + 4
    for tag, kind, count, body in sorted(tags):
        field = body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(order + "I", place + len(bodies))
        bodies += body + bytes(len(body) % 2) if len(body) > 4 else b""
        table += struct.pack(order + "HHI", tag, kind, count) + field
    return table + struct.pack(order + "I", following) + bodies


def exif_of(first=(), exif=(), gps=(), thumbnail=b"", order="<"):
    """An EXIF block without its prefix; texts are (tag, bytes), all else (tag, type, count, bytes)."""
    groups = [[(t[0], 2, len(t[1]) + 1, t[1] + b"\0") if len(t) == 2 else t for t in g] for g in (first, exif, gps)]
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    links = [(tag, 4, 1, bytes(4)) for tag, group in ((0x8769, groups[1]), (0x8825, groups[2])) if group]
    place = 8 + len(directory([*groups[0], *links], 8, order))
    blocks, found = b"", {}
    for tag, group in ((0x8769, groups[1]), (0x8825, groups[2])):
        if group:
            found[tag] = place + len(blocks)
            blocks += directory(group, found[tag], order)
    following = 0
    if thumbnail:
        following = place + len(blocks)
        data = following + 2 + 3 * 12 + 4
        sizes = [(0x0103, 3, 1, struct.pack(order + "H", 6)), (0x0201, 4, 1, struct.pack(order + "I", data))]
        sizes.append((0x0202, 4, 1, struct.pack(order + "I", len(thumbnail))))
        blocks += directory(sizes, following, order) + thumbnail
    links = [(tag, 4, 1, struct.pack(order + "I", at)) for tag, at in found.items()]
    return head + directory([*groups[0], *links], 8, order, following) + blocks


def ratios(*values, order="<"):
    """Rationals of one denominator."""
    return struct.pack(f"{order}{2 * len(values)}I", *(part for value in values for part in (int(value * 100), 100)))


def camera_exif(order="<", orientation=1, **more):
    """EXIF as a telephone writes it: camera, date and place."""
    first = [(0x010F, b"Acme"), (0x0110, b"Acme One"), (0x0132, b"2024:05:06 07:08:09"), (0x013B, NAME.encode())]
    first.append((0x0112, 3, 1, struct.pack(order + "H", orientation)))
    exif = [(0x829A, 5, 1, ratios(0.01, order=order)), (0x8827, 3, 1, struct.pack(order + "H", 200))]
    exif += [(0x9003, b"2024:05:06 07:08:09"), (0x9011, b"+02:00"), (0xA431, b"SERIAL-4711")]
    gps = [(0x01, b"N"), (0x02, 5, 3, ratios(52, 30, 15.5, order=order)), (0x03, b"E")]
    gps += [(0x04, 5, 3, ratios(13, 24, 1.25, order=order)), (0x11, 5, 1, ratios(270.5, order=order))]
    gps.append((0x1D, b"2024:05:06"))
    return exif_of(first, exif + more.pop("exif", []), gps + more.pop("gps", []), order=order, **more)


def _exif_places():
    raw = (7, len(PICTURE), PICTURE)
    yield "thumbnail", exif_of([(0x010F, b"Acme")], thumbnail=PICTURE)
    for name, tag in {"maker note": 0x927C, "user comment": 0x9286, "unknown tag": 0xBEEF}.items():
        yield name, exif_of([(0x010F, b"Acme")], [(tag, *raw)])
    for name, tag in {"description": 0x010E, "maker": 0x010F, "date": 0x0132, "artist": 0x013B}.items():
        yield name, exif_of([(tag, LETTERS)])
        yield f"{name} raw", exif_of([(tag, 2, len(PICTURE), PICTURE)])
    for length in (24, 64, 76):
        lines = b"\n".join(LETTERS[i : i + length] for i in range(0, len(LETTERS), length))
        yield f"lines of {length}", exif_of([(0x010E, lines)])
    yield "title of Windows", exif_of([(0x9C9B, 1, 2 * len(LETTERS), LETTERS.decode().encode("utf-16-le"))])
    yield "preview in a directory of its own", exif_of([(0x014A, 4, 1, struct.pack("<I", 60))]) + PICTURE
    even = PICTURE + bytes(-len(PICTURE) % 24)
    yield "position of many numbers", exif_of([(0x010F, b"A")], gps=[(0x02, 5, len(even) // 8, even)])
    yield "processing method", exif_of([(0x010F, b"A")], gps=[(0x1B, *raw)])
    yield "lens of many numbers", exif_of([(0x010F, b"A")], [(0xA432, 5, len(even) // 8, even)])
    yield "behind the directories", camera_exif() + PICTURE


def _xmp_places():
    text = LETTERS.decode()
    preview = f"<rdf:Alt><rdf:li><xmpGImg:image>{text}</xmpGImg:image></rdf:li></rdf:Alt>"
    yield "preview", xmp_of(f"<xmp:Thumbnails>{preview}</xmp:Thumbnails>")
    yield "preview as attribute", xmp_of("", f'{PANO} xmpGImg:image="{text}"')
    yield "depth", xmp_of(f"<GDepth:Data>{text}</GDepth:Data>")
    yield "projection", xmp_of("", f'GPano:ProjectionType="{text}"')
    yield "caption", xmp_of(f"<dc:description><rdf:Alt><rdf:li>{text}</rdf:li></rdf:Alt></dc:description>")
    yield "keywords", xmp_of(f"<dc:subject><rdf:Bag><rdf:li>{text}</rdf:li></rdf:Bag></dc:subject>")
    yield "date", xmp_of("", f'xmp:CreateDate="{text}"')
    yield "comment", xmp_of(f"<!-- {text} --><?image {text}?><dc:rights><![CDATA[{text}]]></dc:rights>")
    yield "history", xmp_of(f"<photoshop:History>{text}</photoshop:History>")
    yield "behind the packet", xmp_of() + b"\n" + LETTERS


def _jpeg_parts():
    """(name, segments before the pixels, bytes behind the end)."""
    for name, block in _exif_places():
        yield f"EXIF: {name}", segment(0xE1, b"Exif\0\0" + block), b""
    for name, packet in _xmp_places():
        yield f"XMP: {name}", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet), b""
    extended = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", len(LETTERS), 0) + LETTERS
    yield "XMP: extended", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_of()) + segment(0xE1, extended), b""
    resource = struct.pack(">4sHHI", b"8BIM", 0x040C, 0, 28 + len(PICTURE)) + bytes(28) + PICTURE
    yield "Photoshop", segment(0xED, b"Photoshop 3.0\0" + resource), b""
    small = PICTURE[-3 * 196 :]
    yield "JFIF", segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1" + bytes((14, 14)) + small), b""
    yield "JFXX", segment(0xE0, b"JFXX\0\x10" + PICTURE), b""
    yield "C2PA", segment(0xEB, b"JP" + struct.pack(">HII4s", 1, 1, 8 + len(PICTURE), b"jumb") + PICTURE), b""
    yield "FlashPix", segment(0xE2, b"FPXR\0" + PICTURE), b""
    for marker in (0xE3, 0xE4, 0xEC, 0xEF, 0xFE):
        yield f"segment {marker:X}", segment(marker, b"Ducky" + PICTURE), b""
    yield "Adobe", segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + PICTURE), b""
    index = segment(0xE2, b"MPF\0II*\0" + struct.pack("<I", 8) + bytes(60))
    yield "MPF", index, PICTURE
    yield "gain map", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_of()), PICTURE
    yield "motion photo", b"", b"\0\0\0\x18ftypmp42" + bytes(12) + PICTURE + b"SEFT"
    profile = profile_of({name: PICTURE if name == b"desc" else body for name, body in _profile_tags().items()})
    yield "profile", segment(0xE2, b"ICC_PROFILE\0\1\1" + profile + PICTURE), b""


def _profile_tags():
    (count,) = struct.unpack_from(">I", SRGB, 128)
    entries = (struct.unpack_from(">4sII", SRGB, 132 + 12 * i) for i in range(count))
    return {name: SRGB[start : start + length] for name, start, length in entries}


def jpeg_places():
    """(name, file) of JPEGs that hide the picture."""
    plain = saved(Image.fromarray(RGB), "JPEG", quality=90, progressive=True)
    for name, before, behind in _jpeg_parts():
        yield name, plain[:2] + before + plain[2:] + behind
    scan = plain.rindex(b"\xff\xda")
    yield "between scans", plain[:scan] + segment(0xEB, PICTURE) + plain[scan:]


def png_places():
    """(name, file) of PNGs that hide the picture."""
    plain = saved(Image.fromarray(RGB), "PNG")
    head, end = plain[:33], plain[-12:]
    for name, block in _exif_places():
        yield f"EXIF: {name}", head + chunk(b"eXIf", block) + plain[33:]
    for name, packet in _xmp_places():
        yield f"XMP: {name}", head + chunk(b"iTXt", XMP_KEYWORD + packet) + plain[33:]
    for kind, body in {
        b"caBX": PICTURE,
        b"prVW": PICTURE,
        b"tEXt": b"Comment\0" + LETTERS,
        b"zTXt": b"Comment\0\0" + zlib.compress(PICTURE),
        b"iCCP": b"x\0\0" + zlib.compress(SRGB + PICTURE),
    }.items():
        yield kind.decode(), head + chunk(kind, body) + plain[33:]
        if kind != b"iCCP":
            yield f"{kind.decode()} behind the pixels", plain[:-12] + chunk(kind, body) + end
    lines = b"\nexif\n%8d\n" % len(PICTURE) + (b"Exif\0\0" + exif_of([(0x10F, b"A")], thumbnail=PICTURE)).hex().encode()
    yield "EXIF as text", head + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(lines)) + plain[33:]
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(next(_xmp_places())[1])
    yield "XMP packed", head + chunk(b"iTXt", packed) + plain[33:]
    yield "trailer", plain + PICTURE


def webp_of(*chunks, trailer=b""):
    """A WebP with these chunks beside its pixels."""
    plain = saved(Image.fromarray(RGB), "WEBP", lossless=True, exact=True)
    size = b"".join((side - 1).to_bytes(3, "little") for side in (SIDES[1], SIDES[0]))
    kinds = {kind for kind, _ in chunks}
    flags = 8 * (b"EXIF" in kinds) + 4 * (b"XMP " in kinds) + 32 * (b"ICCP" in kinds)
    parts = [(b"VP8X", bytes((flags, 0, 0, 0)) + size), *[item for item in chunks if item[0] == b"ICCP"]]
    parts.append((b"VP8L", plain[20 : 20 + int.from_bytes(plain[16:20], "little")]))
    parts += [item for item in chunks if item[0] != b"ICCP"]
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for k, b in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body + trailer


def webp_places():
    """(name, file) of WebPs that hide the picture."""
    for name, block in _exif_places():
        yield f"EXIF: {name}", webp_of((b"EXIF", block))
    for name, packet in _xmp_places():
        yield f"XMP: {name}", webp_of((b"XMP ", packet))
    for kind in (b"C2PA", b"prvw"):
        yield kind.decode(), webp_of((kind, PICTURE))
    yield "trailer", webp_of(trailer=PICTURE)


def tiff_of(tags, exif=(), gap=b""):
    """A TIFF with these tags beside those of its pixels."""
    height, width = SIDES
    start = 8 + RGB.size + len(gap) + len(gap) % 2
    base = [(256, 3, 1, struct.pack("<H", width)), (257, 3, 1, struct.pack("<H", height))]
    base += [(258, 3, 3, struct.pack("<3H", 8, 8, 8)), (259, 3, 1, b"\1\0"), (262, 3, 1, b"\2\0")]
    base += [(273, 4, 1, struct.pack("<I", 8)), (277, 3, 1, b"\3\0"), (278, 3, 1, struct.pack("<H", height))]
    base.append((279, 4, 1, struct.pack("<I", RGB.size)))
    base += [(t[0], 2, len(t[1]) + 1, t[1] + b"\0") if len(t) == 2 else t for t in tags]
    link = [(0x8769, 4, 1, bytes(4))] if exif else []
    place = start + len(directory([*base, *link], start))
    if exif:
        link = [(0x8769, 4, 1, struct.pack("<I", place))]
    whole = directory([*base, *link], start) + (directory(list(exif), place) if exif else b"")
    return b"II*\0" + struct.pack("<I", start) + RGB.tobytes() + gap + bytes(len(gap) % 2) + whole


def tiff_places():
    """(name, file) of TIFFs that hide the picture."""
    raw = (7, len(PICTURE), PICTURE)
    for name, tag in {"Photoshop": 34377, "IPTC": 33723, "private": 60000}.items():
        yield name, tiff_of([(tag, *raw)])
    for name, packet in _xmp_places():
        yield f"XMP: {name}", tiff_of([(700, 1, len(packet), packet)])
    yield "description", tiff_of([(0x010E, LETTERS)])
    yield "maker note", tiff_of([], [(0x927C, *raw)])
    yield "between", tiff_of([], gap=PICTURE)
    yield "preview", tiff_of([(330, 4, 1, struct.pack("<I", 8 + RGB.size))], gap=PICTURE)
    yield "trailer", tiff_of([]) + PICTURE


PLACES = {"JPEG": jpeg_places, "PNG": png_places, "WebP": webp_places, "TIFF": tiff_places}
EVERY_PLACE = [(kind, name, data) for kind, places in PLACES.items() for name, data in places()]


def described(pixels, kind):
    """A file of these pixels with EXIF, a thumbnail in it, a profile and, where Pillow writes it, XMP."""
    exif = camera_exif(thumbnail=PICTURE)
    exif = b"Exif\0\0" + exif if kind == "JPEG" else exif
    xmp = {"xmp": xmp_of(PEOPLE)} if kind in ("JPEG", "WEBP") else {}
    coding = {"JPEG": {"quality": 90}, "WEBP": {"lossless": True}}.get(kind, {})
    return saved(Image.fromarray(pixels), kind, exif=exif, icc_profile=SRGB, **xmp, **coding)


def traces(data):
    """The runs of the hidden picture, or of its spellings, that a file holds, in what it compresses too."""
    views = [bytes(data)]
    at = views[0].find(b"\x78", 0)
    while at >= 0:
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(views[0][at:], 2**20)
            if stream.eof and len(plain) != RGB.size + SIDES[0]:
                views.append(plain)
        except zlib.error:
            pass
        at = views[0].find(b"\x78", at + 1)
    return [
        form[start : start + _RUN]
        for view in views
        for form, longer in _FORMS
        for start in range(int(_SCAN * longer), len(form) - _RUN, 5)
        if form[start : start + _RUN] in view
    ]


def pixels_of(data):
    """As Pillow reads them."""
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)
