"""Screens: a file each; what they show passes `widgets.safe`, what they do goes through the desk."""
