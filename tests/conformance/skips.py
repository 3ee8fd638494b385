"""Every recorded case that the conformance run leaves out, with the reason; there is no other list."""

# Case id -> why it cannot be compared.
SKIPS: dict[str, str] = {}
