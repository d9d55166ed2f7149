"""The certificate by which the parts of the store know each other."""

import secrets
from base64 import encodebytes
from dataclasses import dataclass

from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS
from Crypto.Util.asn1 import (
    DerBitString,
    DerInteger,
    DerObject,
    DerObjectId,
    DerOctetString,
    DerSequence,
    DerSetOf,
)

CURVE = "P-256"
ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"
COMMON_NAME = "2.5.4.3"
EXTENDED_KEY_USAGE = "2.5.29.37"
SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2"
UTF8_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x17, 0x18
VERSION_TAG, EXTENSIONS_TAG, IP_ADDRESS_TAG = 0, 3, 7
LOOPBACK = bytes((127, 0, 0, 1))
# Far in the past and without an end (RFC 5280, 4.1.2.5): a clock that is wrong must not close the store to itself.
NOT_BEFORE, NOT_AFTER = b"200101000000Z", b"99991231235959Z"
X509_V3 = 2
SERIAL_BITS = 127


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, both as PEM."""

    certificate: str
    private_key: str


def self_signed(name: str) -> Certificate:
    """Makes a key, and a certificate for it that serves servers and clients on 127.0.0.1.

    A program that trusts this certificate alone trusts only those who have its key.
    """
    key = ECC.generate(curve=CURVE)
    algorithm = DerSequence([DerObjectId(ECDSA_WITH_SHA256)]).encode()
    unsigned = _unsigned(name, key.public_key().export_key(format="DER"), algorithm)
    signature = DSS.new(key, "fips-186-3", encoding="der").sign(SHA256.new(unsigned))
    signed = DerSequence([unsigned, algorithm, DerBitString(signature)]).encode()
    return Certificate(_pem(signed), f"{key.export_key(format='PEM')}\n")


def _unsigned(name: str, public_key: bytes, algorithm: bytes) -> bytes:
    common_name = DerSequence([DerObjectId(COMMON_NAME), DerObject(UTF8_STRING, name.encode())])
    subject = DerSequence([DerSetOf([common_name.encode()])]).encode()
    fields: list[bytes | int | DerObject] = [
        DerInteger(X509_V3, explicit=VERSION_TAG),
        DerInteger(secrets.randbits(SERIAL_BITS) + 1),
        algorithm,
        subject,
        DerSequence([DerObject(UTC_TIME, NOT_BEFORE), DerObject(GENERALIZED_TIME, NOT_AFTER)]),
        subject,
        public_key,
        DerSequence(_extensions(), explicit=EXTENSIONS_TAG),
    ]
    return DerSequence(fields).encode()


def _extensions() -> list[bytes | int | DerObject]:
    usages = DerSequence([DerObjectId(SERVER_AUTHENTICATION), DerObjectId(CLIENT_AUTHENTICATION)])
    addresses = DerSequence([DerOctetString(LOOPBACK, implicit=IP_ADDRESS_TAG)])
    return [
        DerSequence([DerObjectId(EXTENDED_KEY_USAGE), DerOctetString(usages.encode())]),
        DerSequence([DerObjectId(SUBJECT_ALTERNATIVE_NAME), DerOctetString(addresses.encode())]),
    ]


def _pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{encodebytes(der).decode()}-----END CERTIFICATE-----\n"
