"""The embedded profile: everything on one machine, started and watched by one process."""
