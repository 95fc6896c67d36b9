"""The hidden world: what is really in the vials and on the films, and what it is worth."""
