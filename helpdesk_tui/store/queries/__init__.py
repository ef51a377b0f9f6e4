"""Questions: one function each, answered with frozen values; a file per family."""
