"""`voiced demo`: the whole appliance on a virtual sound card, played and judged."""
