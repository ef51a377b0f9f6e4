"""Tables and questions: the only SQL of the program."""
