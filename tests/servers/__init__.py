"""Real servers for tests, each in a folder of its own and on loopback ports of its own."""
