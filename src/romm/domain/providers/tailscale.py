"""Tailscale: defaults and fixes."""

from romm.domain.providers.preset import Preset

TAILSCALE = Preset(
    label="Tailscale",
)
