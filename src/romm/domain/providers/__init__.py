"""The register of providers: one file each."""
