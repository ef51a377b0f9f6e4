"""The demo: a throw-away desk with a morning of mail, and a customer who answers."""
