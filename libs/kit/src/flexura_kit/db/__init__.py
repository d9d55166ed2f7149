"""Databases: engines for SQLite and PostgreSQL, migrations, and what driver errors become."""

from flexura_kit.db.clock import DatabaseClock, clock_table
from flexura_kit.db.engines import Database, database
from flexura_kit.db.errors import translate_db_errors
from flexura_kit.db.migrations import migrate, run_migrations
from flexura_kit.db.transactions import Transactions, transactions
from flexura_kit.db.watch import DatabaseWatch

__all__ = [
    "Database",
    "DatabaseClock",
    "DatabaseWatch",
    "Transactions",
    "clock_table",
    "database",
    "migrate",
    "run_migrations",
    "transactions",
    "translate_db_errors",
]
