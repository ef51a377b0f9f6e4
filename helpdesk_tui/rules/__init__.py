"""What should happen: pure functions without SQL, clock, network or terminal."""
