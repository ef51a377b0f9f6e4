"""Dialogs: small screens above a screen that ask for one thing."""
