"""What an answer is: read from its label as browsers do, and from its bytes."""
