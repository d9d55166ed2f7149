"""HTTP in, gRPC out; holds no state."""
