"""A small library of games behind RomM's sign-in: an example of `romm.plugin`."""
