"""The door that work comes through: hints pulled from JetStream."""
