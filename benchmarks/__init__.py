"""How fast everything is, against a floor measured in the same run."""
