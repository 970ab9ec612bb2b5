"""``fastperturb detectors``: what there is to find faces with, and what the rest needs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from ...faces import list_detectors
from ..options.sections import SectionCommand, SectionOption


@click.command(cls=SectionCommand, short_help="List detectors, and what is missing for the rest.")
@click.option("--json", "machine", is_flag=True, cls=SectionOption, help="One JSON object a line.")
def detectors(machine: bool) -> int:
    """List the detectors that 'score' and the Python functions know, and what is missing to use the others."""
    listed = list_detectors()
    for item in listed:
        if machine:
            sys.stdout.write(json.dumps(asdict(item)) + "\n")
            continue
        state = "missing" if item.missing else "needs a model file" if item.model == "needed" else "ready"
        run = f"; run by {item.engine}" if item.engine else ""
        sys.stdout.write(f"{item.name:12} {state:19} {item.description}; scores: {item.score}{run}\n")
        if item.missing:
            sys.stdout.write(f"{'':12} {item.missing}\n")
    if not machine:
        both = all(item.missing is None for item in listed if item.name == "centerface")
        careful = "yunet and centerface" if both else "yunet alone, as the weights of centerface are missing"
        sys.stdout.write(f"--find fast looks with yunet, careful with {careful}, everything with both\n")
    return 0
