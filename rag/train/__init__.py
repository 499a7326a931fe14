"""How the built-in weights and tables were made, runnable again; nothing else imports this package."""
