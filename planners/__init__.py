"""Pure planners: observations in, proposal out."""
