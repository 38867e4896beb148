"""Tests of a connector that is data: declared beside its manifest, played by a server on loopback, or asked live."""
