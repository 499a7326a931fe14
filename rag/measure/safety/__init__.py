"""Trials of an index: killed at any moment, with flipped bytes, and read by many while it is written."""
