"""Alembic's environment: it runs the revisions on the connection that `upgrading` hands over."""

from alembic import context

from lab_agents.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.METADATA,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
