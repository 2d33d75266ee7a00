"""`voiced demo`: runs and checks the whole appliance on a virtual sound card."""
