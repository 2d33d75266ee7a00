"""A mutation probe: small faults, put into the pure rooms one at a time, that the tests must notice."""
