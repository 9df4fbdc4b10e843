"""The Amazon States Language, interpreted: pure, told the time, ids and random numbers."""
