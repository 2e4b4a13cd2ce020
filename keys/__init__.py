"""Bytes that can be trusted: seal, sign, wrap, record, keep keys. Profile KH-1 (``KH-1.md``).

What is promised:

* What is accepted could have been written here, byte for byte; ``Malformed`` or ``Untrusted`` else,
  with an error code of its own for each condition (``domain.error_codes``).
* Content is readable with an item key only; an item key comes out of a wrapped key made to one agency.
* A signature is two signatures, classical and post-quantum, over the exact bytes stored. Both hold.
* Nothing opens at another place: every seal is bound to hub, originator, version, item and key set.
* Private keys show nothing in ``repr``, can't be pickled, and lie on disk sealed only.

Where to look: ``lp`` and ``canonical`` (bytes), ``sealing`` and ``signing`` (primitives), ``frame``,
``command``, ``request`` (what is sent), ``item`` and ``wrapped_key`` (content), ``record`` and ``leaf`` (what is
stored), ``receipt`` (what is answered), ``genesis`` and ``keyset`` (whose keys), ``vault`` and
``keystore`` (where keys lie). Threats and the tests that stand against them: ``THREATS.md``.
"""

from __future__ import annotations

from domain.errors import InvariantViolation

__all__ = ["assert_supported"]


def assert_supported() -> None:
    """The library can do all of KH-1. Raises InvariantViolation. Call it at start, before any key is read."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        from keys import sealing, signing

        sealing.open_sealed(bytes(32), b"", sealing.seal(bytes(32), b"", b""))
        for kind in signing.SignatureKind:
            pair = signing.SignatureKeys(kind, bytes(64))
            pair.public.verify_message(b"", b"", pair.sign_message(b"", b""))
        kem = signing.KemKey(bytes(32))
        kem.decrypt(b"", kem.public.encrypt(b"", b""))
    except (UnsupportedAlgorithm, ImportError, AttributeError) as error:
        raise InvariantViolation("unsupported-library") from error
