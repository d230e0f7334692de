"""A certificate for the tests, made by openssl when they need it."""

import subprocess


def make_certificate(folder):
    """An authority of its own and a certificate by it for localhost, as a bank's would be: P-256, a year, revocable."""
    folder.mkdir(parents=True)
    authority, certificate = folder / "authority.pem", folder / "site.pem"
    authority_key, key, request, extensions = (folder / name for name in ("authority-key.pem", "site-key.pem", "request", "extensions"))
    extensions.write_text("\n".join((
        "subjectAltName = DNS:localhost, IP:127.0.0.1",
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature",
        "extendedKeyUsage = serverAuth",
        # Nobody fetches it; without one, no client could learn that the certificate was revoked.
        "crlDistributionPoints = URI:http://localhost/revoked.crl",
    )))
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new_key, "-days", "3650", "-subj", "/CN=Bench authority", "-keyout", authority_key, "-out", authority)
    openssl("req", *new_key, "-subj", "/CN=localhost", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "365",
            "-extfile", extensions, "-out", certificate)
    key.chmod(0o600)
    return authority, certificate, key


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)
