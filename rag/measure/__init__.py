"""Measuring: what the library does, by commands that anyone can run."""
