"""Tailscale: defaults, fixes in its own words, and where to click there."""

from romm.domain.providers.preset import Preset

TAILSCALE = Preset(
    label="Tailscale",
)
