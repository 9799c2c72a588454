"""What pages share: templates, styles and helpers."""
