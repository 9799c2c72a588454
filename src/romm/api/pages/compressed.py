"""Compression, for routes whose answers have nothing of a person.

A page with a secret and with something that another site chose would tell the secret by its length (BREACH).
"""

from litestar.config.compression import CompressionConfig
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware

COMPRESSED = DefineMiddleware(CompressionMiddleware, config=CompressionConfig(backend="gzip", gzip_compress_level=6))
