package schema

// Provider lets the test take migrations back.
var Provider = provider
