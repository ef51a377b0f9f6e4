"""Bringing in what other systems hold, and handing out what this one does: a file per format."""
