"""What docs/server.md says of the service, against the service."""

import re
from pathlib import Path

from server_cases import Client

PAGE = Path(__file__).parents[2] / "docs" / "server.md"


def test_the_page_says_which_address_takes_which_option():
    document = Client().get("/openapi.json").json()
    taken = {
        (path.removeprefix("/v1/"), item["name"])
        for path, operations in document["paths"].items()
        for item in operations.get("post", {}).get("parameters", [])
        if item["in"] == "query"
    }
    table = PAGE.read_text(encoding="utf-8").split("| option | of | |\n| --- | --- | --- |\n")[1].split("\n\n")[0]
    told, addresses = set(), []
    for options, of in re.findall(r"^\| (.+?) \| (.*?) ?\| .+ \|$", table, re.M):
        addresses = of.split(", ") if of else addresses  # an empty cell is as the one above
        told |= {(address, name) for address in addresses for name in re.findall(r"`(\w+)", options)}
    assert told == taken
