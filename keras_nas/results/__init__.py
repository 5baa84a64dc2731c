"""What a search found: its candidates, their account, and the models that are handed out."""
