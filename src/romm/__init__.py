"""RomM sign-in."""
