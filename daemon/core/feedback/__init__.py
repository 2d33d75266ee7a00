"""What the user is shown and played: status LED and earcons."""
