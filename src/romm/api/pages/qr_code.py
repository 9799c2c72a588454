"""QR codes as SVG that stands in the page itself, so that no cache ever holds one and the page may load nothing more."""

QUIET_ZONE = 4  # modules on each side (ISO/IEC 18004, 6.3.8)


def svg(text: str, title: str) -> str:
    """A QR code that is dark on light also at night, because not every reader knows the reverse."""
    import segno  # noqa: PLC0415  (1.6 MiB, for the few who pair a device)

    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(
        border=QUIET_ZONE, dark="#000", light="#fff", title=title, svgclass="qr", lineclass=None, omitsize=True
    )
