#include "x509/name_constraints.h"

#include <algorithm>

#include "der/reader.h"
#include "x509/dns_name.h"

namespace mayfly::x509 {
namespace {

using Kind = GeneralName::Kind;

constexpr uint8_t kPermittedTag = 0, kExcludedTag = 1;
constexpr size_t kIpv4Octets = 4, kIpv6Octets = 16;

Error BadSubtree(std::string_view text, std::string_view why) {
  return Fail(ErrorCode::kConfiguration, "name-constraints.subtree",
              "\"" + Escape(text, 128) + "\" is no name constraint: " + std::string(why));
}

// A host, and with a leading dot those below it.
Result<std::string> ParseHost(std::string_view text) {
  const bool below = text.starts_with('.');
  auto host = GeneralName::Dns(below ? text.substr(1) : text);
  if (!host || host->value().starts_with('*')) return BadSubtree(text, "not the name of a host");
  return (below ? "." : "") + host->value();
}

Result<std::string> ParseEmail(std::string_view text) {
  if (text.find('@') == std::string_view::npos) return ParseHost(text);
  auto address = GeneralName::Email(text);
  if (!address) return BadSubtree(text, address.error().message);
  return address->value();
}

std::string MaskOf(size_t octets, size_t bits) {
  std::string mask(octets, '\0');
  for (size_t i = 0; i < bits; ++i) {
    mask[i / 8] = static_cast<char>(mask[i / 8] | (0x80 >> i % 8));
  }
  return mask;
}

Result<std::string> ParseNetwork(std::string_view text) {
  const size_t slash = text.find('/');
  auto address = GeneralName::Ip(text.substr(0, slash));
  if (slash == std::string_view::npos || !address) {
    return BadSubtree(text, "write a network, like 10.0.0.0/8 or fd00::/8");
  }
  const std::string digits(text.substr(slash + 1));
  const bool is_number = !digits.empty() && digits.size() <= 3 &&
                         (digits == "0" || digits.front() != '0') &&
                         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  const size_t octets = address->value().size();
  const size_t bits = is_number ? std::stoul(digits) : octets * 8 + 1;
  if (bits > octets * 8) return BadSubtree(text, "the prefix length is too long");
  const std::string mask = MaskOf(octets, bits);
  for (size_t i = 0; i < octets; ++i) {
    if (address->value()[i] & ~mask[i]) return BadSubtree(text, "bits beyond the prefix are set");
  }
  return address->value() + mask;
}

// "b.example" is in "b.example" and, where `below`, in everything above it.
bool IsAtOrBelow(std::string_view host, std::string_view base) {
  if (host == base) return true;
  return host.size() > base.size() && host.ends_with(base) &&
         host[host.size() - base.size() - 1] == '.';
}

// RFC 5280 4.2.1.10 for URIs and addresses: with a leading dot below, without it exactly.
bool HostFits(std::string_view host, std::string_view base) {
  return base.starts_with('.') ? host.size() > base.size() && host.ends_with(base) : host == base;
}

// The host of a URI, without user and port; empty where there is none, or where a query or a
// fragment follows it at once: OpenSSL takes that for a part of the host.
std::string_view HostOf(std::string_view uri) {
  const size_t begin = uri.find("://");
  if (begin == std::string_view::npos) return {};
  std::string_view authority = uri.substr(begin + 3);
  const size_t end = authority.find_first_of("/?#");
  if (end != std::string_view::npos && authority[end] != '/') return {};
  authority = authority.substr(0, end);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool EmailFits(std::string_view address, std::string_view base) {
  if (base.find('@') != std::string_view::npos) return address == base;
  return HostFits(address.substr(address.rfind('@') + 1), base);
}

bool AddressFits(std::string_view address, std::string_view base) {
  if (base.size() != 2 * address.size()) return false;
  for (size_t i = 0; i < address.size(); ++i) {
    if ((address[i] & base[address.size() + i]) != base[i]) return false;
  }
  return true;
}

void WriteSubtrees(der::Writer& writer, uint8_t tag, const std::vector<Subtree>& subtrees) {
  if (subtrees.empty()) return;
  writer.Constructed(der::ContextConstructed(tag), [&] {
    for (const Subtree& subtree : subtrees) {
      // GeneralSubtree ::= SEQUENCE { base, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }
      writer.Sequence([&] {
        writer.Primitive(der::ContextPrimitive(static_cast<uint8_t>(subtree.kind)),
                         AsBytes(subtree.base));
      });
    }
  });
}

Error BadConstraints(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, "name-constraints.form", std::move(message));
}

Result<Subtree> ReadSubtree(der::Reader& subtrees) {
  TRY_ASSIGN(der::Reader reader, subtrees.ReadSequence());
  TRY_ASSIGN(const der::Element base, reader.ReadAny());
  if (!reader.AtEnd()) return BadConstraints("a subtree has a minimum or a maximum");
  for (const Kind kind : {Kind::kEmail, Kind::kDns, Kind::kUri, Kind::kIp}) {
    if (base.tag != der::ContextPrimitive(static_cast<uint8_t>(kind))) continue;
    const size_t size = base.contents.size();
    if (kind == Kind::kIp && size != 2 * kIpv4Octets && size != 2 * kIpv6Octets) {
      return BadConstraints("a network is an address and a mask");
    }
    return Subtree{kind, ToString(base.contents)};
  }
  return BadConstraints("a subtree of another kind of names");
}

Result<std::vector<Subtree>> ReadSubtrees(der::Reader& reader, uint8_t tag) {
  std::vector<Subtree> read;
  if (!reader.NextIs(der::ContextConstructed(tag))) return read;
  TRY_ASSIGN(der::Reader subtrees, reader.ReadConstructed(der::ContextConstructed(tag)));
  while (!subtrees.AtEnd()) {
    TRY_ASSIGN(Subtree subtree, ReadSubtree(subtrees));
    read.push_back(std::move(subtree));
    if (read.size() > kSubtreesMax) return BadConstraints("more than 128 subtrees");
  }
  if (read.empty()) return BadConstraints("an empty list of subtrees");
  return read;
}

// *.internal is good for a.internal too, whatever a verifier makes of the star.
bool Covers(const GeneralName& name, const Subtree& excluded) {
  if (name.kind() != Kind::kDns || excluded.kind != Kind::kDns) return false;
  const size_t dot = excluded.base.find('.');
  return dot != std::string::npos && name.value() == "*" + excluded.base.substr(dot);
}

}  // namespace

Result<Subtree> Subtree::Parse(Kind kind, std::string_view text) {
  auto base = kind == Kind::kIp      ? ParseNetwork(text)
              : kind == Kind::kEmail ? ParseEmail(text)
                                     : ParseHost(text);
  if (!base) return std::move(base).error();
  // A DNS constraint holds the name itself too: a dot in front would only hide that.
  if (kind == Kind::kDns && base->starts_with('.')) {
    return BadSubtree(text, "write it without the dot; it means the name and all below it");
  }
  return Subtree{kind, *std::move(base)};
}

bool Subtree::Holds(const GeneralName& name) const {
  if (name.kind() != kind) return false;
  switch (kind) {
    case Kind::kDns: {
      std::string_view host = name.value();
      if (host.starts_with("*.")) host.remove_prefix(2);
      return IsAtOrBelow(host, base);
    }
    case Kind::kIp:
      return AddressFits(name.value(), base);
    case Kind::kUri:
      return HostFits(HostOf(name.value()), base);
    case Kind::kEmail:
      return EmailFits(name.value(), base);
  }
  return false;
}

NameConstraints NameConstraints::PermittingNothing() {
  NameConstraints nothing;
  for (const Kind kind : {Kind::kEmail, Kind::kDns, Kind::kUri, Kind::kIp}) {
    nothing.permitted.push_back({kind, "?"});  // no host and no network
  }
  return nothing;
}

bool NameConstraints::Permits(const GeneralName& name) const {
  const auto is_uri = [](const Subtree& subtree) { return subtree.kind == Kind::kUri; };
  // RFC 5280 4.2.1.10: under a constraint on URIs, one whose host is no DNS name is refused.
  const bool bounds_uris =
      std::ranges::any_of(permitted, is_uri) || std::ranges::any_of(excluded, is_uri);
  if (bounds_uris && name.kind() == Kind::kUri &&
      !NormalDnsName(HostOf(name.value()), Wildcard::kRefused)) {
    return false;
  }
  const auto holds = [&](const Subtree& subtree) { return subtree.Holds(name); };
  if (std::ranges::any_of(excluded, holds)) return false;
  if (std::ranges::any_of(excluded, [&](const auto& subtree) { return Covers(name, subtree); })) {
    return false;
  }
  const bool bound = std::ranges::any_of(
      permitted, [&](const Subtree& subtree) { return subtree.kind == name.kind(); });
  return !bound || std::ranges::any_of(permitted, holds);
}

Extension NameConstraints::ToExtension() const {
  der::Writer writer;
  writer.Sequence([&] {
    WriteSubtrees(writer, kPermittedTag, permitted);
    WriteSubtrees(writer, kExcludedTag, excluded);
  });
  return Extension{oid::NameConstraints(), Criticality::kCritical, writer.Take()};
}

Result<NameConstraints> NameConstraints::FromExtension(ByteSpan value) {
  der::Reader outer(value);
  TRY_ASSIGN(der::Reader reader, outer.ReadSequence());
  TRY(outer.ExpectEnd());
  NameConstraints constraints;
  TRY_ASSIGN(constraints.permitted, ReadSubtrees(reader, kPermittedTag));
  TRY_ASSIGN(constraints.excluded, ReadSubtrees(reader, kExcludedTag));
  TRY(reader.ExpectEnd());
  if (constraints.empty()) return BadConstraints("no subtree at all");
  return constraints;
}

}  // namespace mayfly::x509
