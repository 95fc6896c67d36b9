"""The central store: tables, writer, reader."""
