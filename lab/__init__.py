"""The fault lab: a scripted vendor that fails in every known way, and what a client sees of it."""
