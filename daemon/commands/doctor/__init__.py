"""`voiced doctor`, and the checks that `voiced config check` shares with it."""
