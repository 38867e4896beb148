"""Canonical records: schemas of what a distributor's systems speak about, in no system's own words (ADR 0071)."""
