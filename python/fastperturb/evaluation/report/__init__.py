"""The report of a study: tables, figures and words as one HTML file; see docs/evaluate.md."""

from .page import render_report

__all__ = ["render_report"]
