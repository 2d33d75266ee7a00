"""The configuration: one TOML file to typed structs, with an error message for each mistake."""
