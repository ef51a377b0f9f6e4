"""Widgets: what screens are made of."""
