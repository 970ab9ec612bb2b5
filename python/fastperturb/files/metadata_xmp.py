"""XMP made anew from the properties that are chosen; previews, regions, histories and unknown ones are not even read.

ISO 16684-1 (XMP); the GPano namespace of Photo Sphere XMP; IPTC Photo Metadata 2023.1; Creative Commons (cc:license).
The packet is read by Expat as a stream: no tree is built, so memory is as much as what goes through, and a document
type, which could define entities, is refused before any is. defusedxml does the latter too, but builds trees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from xml.parsers import expat

from .header import Bytes
from .metadata_choice import Keep, clean_text

MAX_XMP_BYTES = 2**20
"""The longest packet that is read; a JPEG's has up to 64 kB, and the extended ones, which hold pictures, are not."""
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_GPANO = "http://ns.google.com/photos/1.0/panorama/"
_NAMESPACES = {
    "GPano": _GPANO,
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "cc": "http://creativecommons.org/ns#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_PREFIXES = {uri: prefix for prefix, uri in _NAMESPACES.items()}
_NUMBER, _DATE, _POSITION = r"-?\d{1,9}(\.\d{1,9})?", r"\d{4}(-\d\d){0,2}(T[0-9:.+-]{4,20}Z?)?", r"[0-9,.]{1,20}[NSEW]?"
_WORD, _LINK = r"\w{1,32}", r"https?://[\w./-]{1,60}"
_TURNED = re.compile(rb"(tiff:Orientation(?:>|=[\"']))[2-8]\b")
_MOST_ITEMS, _MOST_DEPTH = 50, 50


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a property must be to go through: a text that a pattern fits, or of so many characters; or a list."""

    choice: str
    pattern: str = ""
    most: int = 0
    array: str = ""


def _rules(choice: str, prefix: str, names: str, pattern: str = "", most: int = 0, array: str = "") -> dict[str, _Rule]:
    return {f"{prefix}:{name}": _Rule(choice, pattern, most, array) for name in names.split()}


_PROPERTIES = {
    **_rules("pano", "GPano", "UsePanoramaViewer ProjectionType", _WORD),
    **_rules(
        "pano",
        "GPano",
        "PoseHeadingDegrees PosePitchDegrees PoseRollDegrees InitialViewHeadingDegrees InitialViewPitchDegrees "
        "InitialViewRollDegrees InitialHorizontalFOVDegrees CroppedAreaLeftPixels CroppedAreaTopPixels "
        "CroppedAreaImageWidthPixels CroppedAreaImageHeightPixels FullPanoWidthPixels FullPanoHeightPixels "
        "SourcePhotosCount",
        _NUMBER,
    ),
    **_rules("date", "GPano", "FirstPhotoDate LastPhotoDate", _DATE),
    **_rules("date", "xmp", "CreateDate ModifyDate", _DATE),
    **_rules("date", "photoshop", "DateCreated", _DATE),
    **_rules("date", "exif", "DateTimeOriginal", _DATE),
    **_rules("place", "exif", "GPSLatitude GPSLongitude", _POSITION),
    **_rules("place", "exif", "GPSAltitude GPSImgDirection", r"\d{1,10}/\d{1,10}"),
    **_rules("place", "exif", "GPSAltitudeRef GPSImgDirectionRef", r"\w"),
    **_rules("place", "photoshop", "City State Country", most=100),
    **_rules("credit", "photoshop", "Credit", most=200),
    **_rules("credit", "dc", "creator", most=200, array="Seq"),
    **_rules("credit", "dc", "rights", most=500, array="Alt"),
    **_rules("credit", "xmpRights", "UsageTerms", most=500, array="Alt"),
    **_rules("credit", "xmpRights", "WebStatement", _LINK),
    **_rules("credit", "cc", "license", _LINK),
    **_rules("names", "dc", "title description", most=2000, array="Alt"),
    **_rules("names", "dc", "subject", most=100, array="Bag"),
    **_rules("names", "photoshop", "Headline", most=200),
    **_rules("names", "Iptc4xmpExt", "PersonInImage", most=100, array="Bag"),
}
Properties = dict[str, list[str]]


class _Refused(Exception):  # never leaves this file
    """A packet that is not read any further."""


@dataclass(slots=True)
class _Stream:
    """What Expat finds, as it comes."""

    keep: Keep
    found: Properties = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    length: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.path) >= _MOST_DEPTH:
            raise _Refused
        self.path.append(name)
        self.text, self.length = [], 0
        if name == f"{_RDF} Description" and self._described() == 2:
            for attribute, value in attributes.items():
                self.add(_short(attribute), value)
        elif self._described() == 3 and attributes.get(f"{_RDF} resource") is not None:
            self.add(_short(name), attributes[f"{_RDF} resource"])

    def end(self, _name: str) -> None:
        depth = self._described()
        if self.text and depth == 3:
            self.add(_short(self.path[-1]), "".join(self.text))
        elif self.text and depth == 5 and self.path[-1] == f"{_RDF} li":
            self.add(_short(self.path[-3]), "".join(self.text), item=True)
        self.path.pop()
        self.text, self.length = [], 0

    def characters(self, text: str) -> None:
        self.length += len(text)
        if self.length <= 4000:
            self.text.append(text)

    def _described(self) -> int:
        """How deep within rdf:RDF we are, 2 being the rdf:Description right in it; 0 if elsewhere."""
        start = 1 if self.path[:1] != [f"{_RDF} RDF"] else 0
        if self.path[start : start + 1] != [f"{_RDF} RDF"]:
            return 0
        depth = len(self.path) - start
        return depth if depth == 1 or self.path[start + 1] == f"{_RDF} Description" else 0

    def add(self, name: str, value: str, *, item: bool = False) -> None:
        rule = _PROPERTIES.get(name)
        if rule is None or rule.choice not in self.keep or (item and not rule.array):
            return
        if rule.pattern:
            value = value.strip()
            text = value if re.fullmatch(rule.pattern, value, re.ASCII) else None
        else:
            text = clean_text(value, rule.most)
        values = self.found.setdefault(name, [])
        if text is not None and len(values) < (_MOST_ITEMS if rule.array in ("Bag", "Seq") else 1):
            values.append(text)


def _short(name: str) -> str:
    uri, _, local = name.rpartition(" ")
    return f"{_PREFIXES.get(uri, '')}:{local}"


def _refuse(*_: object) -> None:
    raise _Refused


def chosen_properties(packet: Bytes | None, keep: Keep) -> Properties:
    """What of an XMP packet goes through; nothing if it is damaged, too long, or has a document type."""
    if packet is None or not keep or len(packet) > MAX_XMP_BYTES:
        return {}
    stream = _Stream(keep)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = False
    parser.StartElementHandler, parser.EndElementHandler = stream.start, stream.end
    parser.CharacterDataHandler = stream.characters
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(bytes(packet).rstrip(b"\0"), True)
    except (expat.ExpatError, _Refused, ValueError):
        return {}
    return {name: values for name, values in stream.found.items() if values}


def upright_xmp(packet: bytes) -> bytes:
    """The same packet with the orientation of pixels that have been turned; nothing else changes."""
    return _TURNED.sub(rb"\g<1>1", packet)


def write_xmp(properties: Properties) -> bytes:
    """A packet of properties; empty if there are none."""
    if not properties:
        return b""
    lines = [_element(name, properties[name]) for name in _PROPERTIES if name in properties]
    used = sorted({name.partition(":")[0] for name in properties})
    namespaces = "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in used)
    body = f'<rdf:Description rdf:about=""{namespaces}>{"".join(lines)}</rdf:Description>'
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">{body}</rdf:RDF></x:xmpmeta>'
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    return f'{begin}{packet}<?xpacket end="r"?>'.encode()


def _element(name: str, values: list[str]) -> str:
    array = _PROPERTIES[name].array
    if name == "cc:license":
        return f'<{name} rdf:resource="{escape(values[0])}"/>'
    if not array:
        return f"<{name}>{escape(values[0], quote=False)}</{name}>"
    language = ' xml:lang="x-default"' if array == "Alt" else ""
    items = "".join(f"<rdf:li{language}>{escape(value, quote=False)}</rdf:li>" for value in values)
    return f"<{name}><rdf:{array}>{items}</rdf:{array}></{name}>"
