"""What the auth service does, one method for each RPC, and what it refuses."""
