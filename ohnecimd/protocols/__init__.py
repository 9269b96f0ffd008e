"""Complete protocols, each on the toolkit alone and none on another."""
