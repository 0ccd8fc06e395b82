// Requests of Node's WebCrypto with @peculiar/x509; run by make.sh.
const fs = require("node:fs");
const { webcrypto } = require("node:crypto");
const x509 = require("@peculiar/x509");

x509.cryptoProvider.set(webcrypto);

const algorithms = {
  ec: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048,
         publicExponent: new Uint8Array([1, 0, 1]) },
  ed25519: { name: "Ed25519" },
};

async function main() {
  for (const [name, algorithm] of Object.entries(algorithms)) {
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: "CN=web.internal",
      keys: await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]),
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "web.internal" },
        { type: "ip", value: "10.1.2.3" },
      ])],
    });
    fs.writeFileSync(`node-${name}.csr`, Buffer.from(request.rawData));
  }
}

main();
