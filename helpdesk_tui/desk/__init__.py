"""Every verb, through one door: one transaction, one permission check, one event."""
