"""A whole Mayfly for tests: real programs, a real database, a real token."""
