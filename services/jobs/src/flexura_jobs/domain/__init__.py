"""What the jobs service knows without asking anybody: its nouns and its rules."""
