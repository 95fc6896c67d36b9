"""Bringing the tables of an older store up to this version, with Alembic."""
