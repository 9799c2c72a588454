"""QR codes as inline SVG, for no cache to hold."""

QUIET_ZONE = 4  # modules on each side (ISO/IEC 18004, 6.3.8)


def svg(text: str, title: str) -> str:
    """Dark on light in dark mode too: not every reader accepts inverted codes."""
    import segno  # noqa: PLC0415  (1.6 MiB, needed only for pairing)

    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(
        border=QUIET_ZONE, dark="#000", light="#fff", title=title, svgclass="qr", lineclass=None, omitsize=True
    )
