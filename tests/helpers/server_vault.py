"""Services that restore: keys of three years, tokens for each scope, and what tests send to them."""

import base64

import numpy as np
from server_cases import KEY, OTHER_KEY, Client, encoded, token_with

import fastperturb as fp
from fastperturb.server import KeyRing, Settings, Tokens

NOISE = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
NOISE_PNG = encoded(NOISE)
BOXES = {"region": ["10,20,24,30", "70,30,22,28"]}
NEWER_KEY = fp.Key(bytes(range(5, 37)))
LINES, HEADERS = {}, {}
for scope in ("perturb", "restore", "rekey", "forget"):
    LINES[scope], HEADERS[scope] = token_with(scope, name=scope)
LINES["both"], HEADERS["both"] = token_with("rekey", "restore", name="both")
TOKENS = Tokens.from_text("\n".join(LINES.values()))


def keyed():
    """A service with two keys that asks for no token."""
    return Client(Settings(keys=KeyRing.of(KEY, OTHER_KEY)))


def make_vault():
    """A service with the keys of three years, the newest first."""
    ring = KeyRing.of(NEWER_KEY, OTHER_KEY, KEY)
    return Client(Settings(keys=ring, tokens=TOKENS, allow_restore=True))


def protected(client, **options):
    answer = client.post("/v1/perturb", NOISE_PNG, BOXES | options)
    assert answer.status_code == 200, answer.text
    return answer.content


def beside(client, data=NOISE_PNG):
    facts = client.post("/v1/perturb", data, BOXES | {"seals": "beside"}, headers={"Accept": "application/json"}).json()
    return base64.b64decode(facts["image"]), base64.b64decode(facts["seals"])


def restore(client, image, headers=None, options=None, **parts):
    return client.post("/v1/restore", files={"image": image, **parts}, params=options, headers=headers)


def inside(record, index):
    region = record.regions[index].region
    mask = np.zeros(NOISE.shape[:2], bool)
    mask[region.clipped(*NOISE.shape[:2])] = True
    return mask


def change(client, name, scope, options=None, **parts):
    return client.post(f"/v1/{name}", files=parts, params=options, headers=scope and HEADERS[scope])
