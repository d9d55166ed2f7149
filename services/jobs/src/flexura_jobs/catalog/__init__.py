"""The catalog as a file, and the check of options against a model's schema."""

from flexura_jobs.catalog.file import CatalogError, deployed_models, read_catalog
from flexura_jobs.catalog.options import OptionsCheck

__all__ = ["CatalogError", "OptionsCheck", "deployed_models", "read_catalog"]
