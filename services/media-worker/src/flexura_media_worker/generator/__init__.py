"""The process in which a provider computes: started by the worker, killed by it, gone when it is gone."""
