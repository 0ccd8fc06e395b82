"""More issuing CAs of one ./quickstart, added as docs/OPERATIONS.md says."""

ISSUER = """
[[issuer]]
name = "{name}"
key = "pkcs11:token=mayfly;object={name}"
common_name = "Issuing CA {name}"
lifetime = "365d"
ocsp_key = "pkcs11:token=mayfly;object={name}-ocsp"
ocsp_urls = ["http://127.0.0.1:{port}/ocsp"]
ca_issuers_urls = ["http://127.0.0.1:{port}/ca/{name}.cer"]
"""
SIGNER_KEY = """
[[key]]
uri = "pkcs11:token=mayfly;object={name}"
purposes = ["certificate", "crl"]
"""
RESPONDER_KEY = """
[[key]]
uri = "pkcs11:token=mayfly;object={name}-ocsp"
purposes = ["ocsp"]
"""


def issuer_sections(ca, names):
    """Their [[issuer]]s in the server's configuration."""
    return "".join(ISSUER.format(name=name, port=ca.port("http")) for name in names)


def add_issuers(ca, key_types, more=""):
    """Keys, the [[issuer]]s with `more`, their certificates, a restart; `key_types` by name."""
    keys = "".join((SIGNER_KEY + RESPONDER_KEY).format(name=name) for name in key_types)
    (ca.home / "signer.more.toml").write_text(keys)
    ceremony = ca.home / "ceremony-signer.toml"
    ceremony.write_text(ceremony.read_text() + keys)
    for name, key_type in key_types.items():
        for key in (name, f"{name}-ocsp"):
            ca.run(ca.programs / "mayfly-signer", "generate-key", "--config", ceremony,
                   "--uri", f"pkcs11:token=mayfly;object={key}", "--type", key_type)
    ca.chain_file.unlink()  # a ceremony is due: ./quickstart holds it, and restarts
    ca.configure(issuer_sections(ca, key_types) + more)


def signed_by(policy, issuer):
    """The policy with this issuer in every profile."""
    return policy.replace("\nlifetime = ", f'\nissuer = "{issuer}"\nlifetime = ')
