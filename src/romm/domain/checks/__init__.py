"""The doctor's rules, one function per check: gathered evidence in, a finding out."""
