"""RomM sign-in: who someone is, which account that is, what they may do."""
