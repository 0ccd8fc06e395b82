// node oidc_provider.mjs MODULES CERTIFICATE PRIVATE_KEY: the OpenID provider of npm, over HTTPS.
// Each line of standard input is a set of private keys that it signs with from then on; it answers with
// its issuer. One client, "api" with the secret "secret", gets access tokens for the audience "mayfly".
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import https from "node:https";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const [modules, certificate, privateKey] = process.argv.slice(2);
const path = createRequire(`${modules}/`).resolve("oidc-provider");
const { Provider } = await import(pathToFileURL(path));

const subject = "system:serviceaccount:prod:api";
let handler = null;
const server = https.createServer(
  { cert: readFileSync(certificate), key: readFileSync(privateKey) },
  (request, response) => handler(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `https://localhost:${server.address().port}`;

function providerWith(keys) {
  return new Provider(issuer, {
    jwks: { keys },
    ttl: { ClientCredentials: 600 },
    clients: [{ client_id: subject, client_secret: "secret", grant_types: ["client_credentials"],
                redirect_uris: [], response_types: [] }],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "https://ca.example",
        getResourceServerInfo: () => ({
          scope: "certificates", audience: "mayfly", accessTokenFormat: "jwt",
          jwt: { sign: { alg: keys[0].alg } },
        }),
      },
    },
    extraTokenClaims: () => ({
      "kubernetes.io": { namespace: "prod", serviceaccount: { name: "api" } },
    }),
  });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  handler = providerWith(JSON.parse(line)).callback();
  console.log(`issuer ${issuer}`);  // the package has notices of its own
}
server.close();
server.closeAllConnections();
