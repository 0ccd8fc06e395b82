#include "clients/cli/error_text.h"

#include <algorithm>
#include <array>

#include "clients/cli/exit_code.h"

namespace mayfly::cli {
namespace {

// What helps against a rule's refusal. The first entry that the rule begins with counts.
struct Help {
  std::string_view rule;
  std::string_view advice;
  std::array<std::string_view, 3> commands = {};  // each to be pasted
};

constexpr std::string_view kAddContext =
    "mayfly context add prod --server ca.internal \\\n"
    "           --trust roots.pem --cert me.crt --key me.key";
constexpr std::string_view kAskForLess =
    "Ask for what the policy grants you, or ask the CA's operator to change it. mayfly explain, "
    "given the same profile and names, says what each rule asks for.";

constexpr std::string_view kKeepEvidence =
    "Keep the folder and the dump as they are, and tell who answers for the CA.";

constexpr std::string_view kMakeDump = "pg_dump mayfly > ledger.sql";

constexpr Help kHelp[] = {
    {"client.unreachable",
     "Is the server running, and its address right? A server that refuses your certificate ends "
     "the connection without saying why: was it issued by this CA, and is it still valid?",
     {"mayfly context show               which CA is asked, and as whom",
      "mayfly inspect https://HOST:PORT  the certificate that answers there"}},
    {"client.server-not-trusted",
     "Are the roots those of this CA? Another CA's, or an older root's file, does not fit.",
     {"mayfly context show               which roots are used, and who says so",
      "mayfly inspect https://HOST:PORT  the certificate that answers there"}},
    {"client.certificate-expired",
     "It cannot say who you are any more. mayfly renew may still renew it, where its profile "
     "grants that; else ask an operator for a new one. On the CA's machine ./quickstart makes the "
     "operator's again.",
     {"mayfly context show               where your certificate lies"}},
    {"client.certificate-purpose",
     "Ask as somebody whose certificate has clientAuth: --cert and --key, or a context.",
     {"mayfly context show               where your certificate lies"}},
    {"client.unimplemented", "Use the mayfly that came with the server, or update the server."},
    {"client.deadline", "Try again; --timeout waits longer."},
    {"client.status", "The server's log says more."},
    {"client.file",
     "Is the path right, and may you read the file?",
     {"mayfly context show               who says where it lies"}},
    {"client.private-key",
     "Certificate and key must belong together; the key may have no password."},
    {"client.token", "A token file holds the token, on one line of at most 8 KiB."},
    {"client.",
     "Give another with --server, --trust or --cert.",
     {"mayfly context show               what is in force, and who says so"}},
    {"cli.settings",
     "Name the CA once, as a context. (In the folder of a ./quickstart, .mayfly/client.toml does "
     "it.)",
     {kAddContext, "mayfly context list               the contexts there are"}},
    {"cli.enrolment-server",
     "Give it with --enrolment-server HOST:PORT, or as enrolment_server in the context."},
    {"cli.token-place", "What a project's file says may have come with somebody's repository."},
    {"cli.two-identities", "Give --cert and --key, or --token-file."},
    {"bootstrap.fingerprint",
     "Is the address right, and the fingerprint of this CA's root? If both are, somebody else "
     "answers there.",
     {"mayfly trust show                 as an admin: the roots and their fingerprints"}},
    {"cli.token-id", "", {"mayfly token list                 the tokens that you may see"}},
    {"bootstrap.unreachable",
     "Is the server running, and does it take callers without a certificate on this port? That is "
     "another than mutual TLS's: 7444, where the CA's operator chose no other.",
     {"mayfly bootstrap --server HOST:7443 --enrolment-server HOST:7444 ..."}},
    {"enrolment.lifetime", "The CA's configuration says how long at most."},
    {"enrolment.not-found", "", {"mayfly token list                 the tokens that you may see"}},
    {"enrolment.", "An admin or enroller makes another: mayfly token create"},
    {"jwt.", "Is the token of an issuer that the CA trusts, for the CA's audience, and current?"},
    {"peer.credential", "", {"mayfly context show               who you are to the CA"}},
    {"peer.listener", "", {"mayfly context show               which server is asked, and as whom"}},
    {"cli.context-settings", "", {kAddContext}},
    {"cli.context-name", "Choose another name."},
    {"cli.key-of-csr", "Leave one of the two out."},
    {"cli.csr",
     "A certification request is made with a key; without --csr, mayfly makes both.",
     {"openssl req -new -key web.key -subj / -out web.csr \\\n"
      "           -addext subjectAltName=DNS:web.internal"}},
    {"cli.context", "", {"mayfly context list               the contexts there are"}},
    {"context.exists", "Choose another name, or replace it with --force."},
    {"cli.confirmation", ""},
    {"config.file", "Is the path right, and may you read the file?"},
    {"config.", "Mend the file; docs/CLI.md says what may stand in it."},
    {"file.exists", "Choose another place with --out, or replace it with --force."},
    {"file.locked", "Wait for it, and try again; --timeout waits longer."},
    {"file.missing", "Is the path right? It is relative to this folder."},
    {"file.write", "Choose another place, or a user who may write there."},
    {"file.same", "Name one of them otherwise."},
    {"file.", "Is the path right, and may you read the file?"},
    {"certificate.none", "Give the file of a certificate, PEM or DER; it often ends in .crt."},
    {"certificate.not-found",
     "You see what is yours; operators and auditors see everything.",
     {"mayfly list --state all           the certificates you may see",
      "mayfly context show               which CA is asked, and as whom"}},
    {"profile.unknown", "Give one of these profiles with --profile."},
    {"list.",
     "Conditions are joined by AND; state, profile, principal and lineage take =.",
     {"mayfly list --filter \\\n"
      "           'profile = server AND create_time > \"2030-01-01T00:00:00Z\"'"}},
    {"policy.role",
     "The CA's policy says who has which role; an admin can change it.",
     {"mayfly context show               who you are to the CA"}},
    {"peer.revoked",
     "It cannot say who you are any more. Ask for a new one: mayfly issue NAME --force"},
    {"renewal.pem", "openssl x509 -inform DER -in FILE -out FILE.pem makes it PEM."},
    {"renewal.key", "Is its key another file? Name it with --key-file."},
    {"renewal.server-only",
     "Ask for a new one: mayfly issue NAME --force; or let the profile have client-auth too."},
    {"renewal.grace",
     "Ask for a new one: mayfly issue NAME --force, or with a token: --token-file"},
    {"renewal.superseded",
     "Is the newer certificate in another file, or another context? If you did not renew it, its "
     "key was copied: tell the CA's operator. Then ask for a new one: mayfly issue NAME --force",
     {"mayfly context show               where your certificate lies"}},
    {"renewal.", "docs/POLICY.md says what a renewal may have; for all else mayfly issue."},
    {"approval.needed",
     "Propose it; another admin approves.",
     {"mayfly policy propose FILE       a policy", "mayfly revoke A B C --propose    certificates",
      "mayfly proposal approve ID       by the other admin"}},
    {"approval.same-person",
     "Ask another admin of the policy.",
     {"mayfly proposal approve ID       by them"}},
    {"approval.payload", "Somebody or something altered it on the way; look at it again."},
    {"approval.", "Let somebody else propose it anew."},
    {"proposal.altered", kKeepEvidence},
    {"proposal.not-yours", "Ask who proposed it, or an admin."},
    {"proposal.", "", {"mayfly proposal list --all       the proposals, and how they ended"}},
    {"cli.proposal-id", "", {"mayfly proposal list             the proposals that are open"}},
    {"policy.outdated", "See what changed: mayfly policy show, then mayfly policy apply FILE"},
    {"policy.key-reused", "Make a new key: leave out --csr, or make its request with another key."},
    {"policy.name-control",
     "This profile is for requests that prove control of their names; take another one."},
    {"policy.admins", "Mend the file; docs/POLICY.md says what may stand in it."},
    {"policy.file", "Mend the file; docs/POLICY.md says what may stand in it."},
    {"policy.blocked",
     "Keys are blocked that were revoked as compromised, and lineages whose key was copied. What "
     "is blocked stays so until the CA's operator lifts it: ask them why.",
     {"mayfly context show               who you are to the CA"}},
    {"policy.", kAskForLess},
    {"tlog.file",
     "--log is a folder with an audit log: the CA's own, or a copy of it.",
     {"mayfly audit export FOLDER        makes a copy of the CA's"}},
    {"tlog.", "The log is damaged, or was altered: mayfly audit verify FOLDER says where."},
    {"note.", "Is it this CA's log, and the key its own? An admin of the CA knows the key."},
    {"cli.verifier-key",
     "An admin of the CA knows it; every copy has it in its file verifier-key."},
    {"audit.no-entry",
     "Those of CAs are in it as events, ca.certified: mayfly audit list --kind event. What other "
     "CAs issued is not in it, nor, in a copy, what came later.",
     {"mayfly inspect FILE               who issued it, and when"}},
    {"audit.checkpoint",
     "DIR is the CA's log folder, or a copy of it, and has a file checkpoint; --kept is such a "
     "file of another time.",
     {"mayfly audit export FOLDER        makes a copy of the CA's"}},
    {"audit.verifier-key",
     "An admin of the CA knows it; every copy has it in its file verifier-key.",
     {"mayfly audit verify FOLDER --verifier-key NAME+ID+KEY"}},
    {"audit.dump", "The dump is pg_dump's plain format, of schema and data.", {kMakeDump}},
    {"log.", kKeepEvidence},
    {"ledger.schema",
     "Is mayfly of the server's version, and was the dump made as below? Else somebody changed the "
     "database: keep the folder and the dump as they are, and tell who answers for the CA.",
     {kMakeDump}},
    {"ledger.tick",
     "Was the dump made as below, with the rows of mayfly.control? Else somebody wrote into the "
     "database: keep the folder and the dump as they are, and tell who answers for the CA.",
     {kMakeDump}},
    {"ledger.issuer", kKeepEvidence},
    {"ledger.row", kKeepEvidence},
    {"ledger.partition", kKeepEvidence},
    {"ledger.altered", kKeepEvidence},
    {"ledger.missing", kKeepEvidence},
    {"ledger.extra", kKeepEvidence},
    {"ledger.order", kKeepEvidence},
    {"ledger.dropped", kKeepEvidence},
    {"ledger.lease-outstanding",
     "The revocation is durable. Run the command again to wait until every OCSP responder has "
     "applied it."},
    {"tls.handshake", "Is the port right? HTTPS is usually on 443 or 8443."},
    {"tls.", "Are host and port right, and is the server running?"},
    {"verify.chain",
     "Is this the right root, and does the file hold the chain below it?",
     {"mayfly inspect FILE --full        who issued it",
      "mayfly trust show > roots.pem     the roots of your CA"}},
    {"verify.dates", "", {"mayfly issue NAME --force         a new one in its place"}},
    {"verify.name", "Ask for a certificate with this name.", {"mayfly inspect FILE --full"}},
    {"verify.state", "Replace it.", {"mayfly issue NAME --force"}},
    {"trust.root",
     "Save the roots as yourself, and install that file as root.",
     {"mayfly trust show > roots.pem", "sudo mayfly trust install roots.pem"}},
    {"trust.not-a-root",
     "A root is a CA's certificate that it signed itself.",
     {"mayfly trust show > roots.pem     the roots of your CA"}},
    {"trust.program",
     "On Debian and Ubuntu: apt install ca-certificates. Elsewhere put the roots where that system "
     "keeps them (Fedora: /etc/pki/ca-trust/source/anchors, then update-ca-trust).",
     {"mayfly trust show > roots.pem"}},
};

const Help* HelpFor(std::string_view rule) {
  const auto found =
      std::ranges::find_if(kHelp, [&](const Help& help) { return rule.starts_with(help.rule); });
  return found == std::end(kHelp) ? nullptr : &*found;
}

std::string SeeHelp(std::string_view verb) {
  return "mayfly " + std::string(verb) + (verb.empty() ? "--help" : " --help");
}

std::string CommandLines(const std::array<std::string_view, 3>& commands) {
  std::string out;
  for (const std::string_view command : commands) {
    if (command.empty()) continue;
    out += out.empty() ? "  Try: " : "       ";
    out += std::string(command) + "\n";
  }
  return out;
}

std::string WhatHelps(const Error& error, std::string_view verb) {
  if (const Help* help = HelpFor(error.rule)) {
    std::string out;
    if (!help->advice.empty()) out += "  " + Wrap(help->advice, 2, 2) + "\n";
    return out + CommandLines(help->commands);
  }
  switch (ExitCodeOf(error)) {
    case ExitCode::kUsage:
      return "  Try: " + SeeHelp(verb) + "\n";
    case ExitCode::kDenied:
      return "  " + Wrap(kAskForLess, 2, 2) + "\n";
    case ExitCode::kUnavailable:
      return "  Try again; --timeout waits longer.\n";
    default:
      return "";
  }
}

}  // namespace

std::string ErrorText(std::string_view what, const Error& error, std::string_view verb) {
  std::string text = std::string(what) + (what.empty() ? "" : ": ") + error.message;
  if (!error.rule.empty()) text += " [" + error.rule + "]";
  std::string out = Wrap("mayfly: " + text, 2) + "\n";
  for (const Violation& finding : error.violations) {
    std::string line = "- ";
    if (!finding.field.empty()) line += finding.field + ": ";
    line += finding.message;
    if (!finding.rule.empty()) line += " [" + finding.rule + "]";
    out += "  " + Wrap(line, 4, 2) + "\n";
  }
  return out + WhatHelps(error, verb);
}

std::string Wrap(std::string_view text, size_t indent, size_t column) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool first = out.empty();
    if (!first && column + 1 + word.size() > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

}  // namespace mayfly::cli
