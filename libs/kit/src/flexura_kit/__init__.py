"""The rooms that every service uses and none owns."""
