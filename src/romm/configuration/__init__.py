"""How settings are read, typed and judged. Only `romm.settings` imports this package; everybody else imports that."""
