// Enrolment tokens: made by those who may enrol others, held by those who have nothing else yet.
// The path of a request with one is Issue's (issue.cc); what differs is who says that the names may
// be had (policy::Authorizer::AuthorizeEnrolment), and that the record spends a use.
#include <algorithm>
#include <utility>

#include "issuance/application.h"
#include "issuance/certificate_authority.h"
#include "x509/digest.h"

namespace mayfly::issuance {
namespace {

Error Unauthenticated(std::string rule, std::string message) {
  return Fail(ErrorCode::kUnauthenticated, std::move(rule), std::move(message));
}

// As for a token that does not exist: nobody learns of others'.
Error NoSuchToken() {
  return Fail(ErrorCode::kNotFound, "enrolment.not-found",
              "no such enrolment token, or none that you may revoke");
}

Error OtherProfile(const std::string& profile) {
  return Fail(ErrorCode::kPolicyDenied, "enrolment.profile",
              "the enrolment token is for profile \"" + profile + "\" only");
}

Error OtherNames() {
  return Fail(ErrorCode::kPolicyDenied, "enrolment.names",
              "the certificate has the names that the enrolment token states; ask for no others");
}

std::string MakeSecret(RandomSource& random) {
  Bytes octets(policy::kEnrolmentTokenSecretBytes);
  random.Fill(octets);
  return std::string(policy::kEnrolmentTokenPrefix) + ToHex(octets);
}

policy::IssuanceWish WishFor(const policy::Enrolment& enrolment, const std::string& issuer) {
  return {.profile = enrolment.profile,
          .names = enrolment.names,
          .lifetime = std::nullopt,
          .lineage = std::nullopt,
          .issuer = issuer,
          .token = enrolment.token};
}

}  // namespace

Task<Result<CreatedToken>> CertificateAuthority::CreateToken(CreateTokenRequest request,
                                                             BootTime deadline) {
  const Seconds lifetime =
      request.lifetime.value_or(std::min(policy::kTokenLifetimeDefault, parts_.token_lifetime_max));
  if (lifetime > parts_.token_lifetime_max) {
    co_return Fail(ErrorCode::kInvalidArgument, "enrolment.lifetime",
                   "a token lives for at most " +
                       std::to_string(parts_.token_lifetime_max.count()) + "s here");
  }
  std::string secret = MakeSecret(parts_.random);
  policy::Enrolment enrolment{
      .token = Uuid::MakeV7(parts_.clock.Now(), parts_.random),
      .token_hash = x509::Sha256(AsBytes(secret)),
      .profile = std::move(request.profile),
      .names = x509::Normalize(std::move(request.names)),
      .uses_max = request.uses_max,
      .expires = {},
      .enroller = std::move(request.principal),
  };
  // What it could not give is said to who makes it, not to who holds it.
  const policy::Authorizer authorizer(parts_.basis.Current());
  const auto wish = WishFor(enrolment, DefaultIssuer());
  const auto granted = authorizer.AuthorizeEnrolment(enrolment, wish);
  if (!granted) {
    NoteDenial(enrolment.enroller.id, {enrolment.profile, enrolment.names, std::nullopt},
               granted.error());
    co_return granted.error();
  }
  CO_TRY(PoolFor(*granted));
  NewEnrolmentToken token{std::move(enrolment), lifetime};
  CO_TRY_ASSIGN(EnrolmentTokenRecord record,
                co_await parts_.tokens.Create(std::move(token), deadline));
  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
  co_return CreatedToken{std::move(record), std::move(secret)};
}

Task<Result<std::vector<EnrolmentTokenRecord>>> CertificateAuthority::ListTokens(
    policy::Principal principal, BootTime deadline) {
  const policy::Authorizer authorizer(parts_.basis.Current());
  std::optional<std::string> made_by;
  if (!authorizer.RolesOf(principal).HasAnyOf(policy::kReadersOfAll)) made_by = principal.id;
  auto tokens = co_await parts_.tokens.Unexpired(std::move(made_by), deadline);
  co_return tokens;
}

Task<Status> CertificateAuthority::RevokeToken(policy::Principal principal, Uuid token,
                                               BootTime deadline) {
  CO_TRY_ASSIGN(const auto record, co_await parts_.tokens.FindById(token, deadline));
  if (!record) co_return NoSuchToken();
  const policy::Authorizer authorizer(parts_.basis.Current());
  const bool is_own = record->enrolment.enroller.id == principal.id;
  const bool revokes_all =
      authorizer.RolesOf(principal).HasAnyOf({policy::Role::kOperator, policy::Role::kAdmin});
  if (!is_own && !revokes_all) co_return NoSuchToken();
  if (record->is_revoked) co_return Ok();
  const policy::Block block{policy::BlockKind::kEnrolmentToken,
                            {token.octets().begin(), token.octets().end()}};
  BlockEntry entry{block, BlockEffect::kBlocks, "the token was revoked", principal.id};
  CO_TRY(co_await parts_.ledger.AddBlock(std::move(entry), deadline));
  CO_TRY(co_await parts_.gate.WaitForCheckpoint(deadline));
  co_return Ok();
}

Task<Result<policy::Principal>> CertificateAuthority::IdentifyToken(Hash256 token_hash,
                                                                    BootTime deadline) {
  CO_TRY_ASSIGN(const auto record, co_await parts_.tokens.Find(token_hash, deadline));
  if (!record) {
    co_return Unauthenticated("enrolment.unknown", "this CA has made no such enrolment token");
  }
  if (record->is_revoked) {
    co_return Unauthenticated("enrolment.revoked", "the enrolment token has been revoked");
  }
  if (record->is_expired && record->use_count == 0) {
    co_return Unauthenticated(
        "enrolment.expired", "the enrolment token has expired; ask who gave it to you for another");
  }
  std::string id = policy::EnrolmentPrincipalId(record->enrolment.token);
  co_return policy::Principal{
      .proof = policy::ProofOfIdentity::kEnrolmentToken,
      .id = id,
      .request_scope = id,
      .names = {},
      .proof_ends = record->enrolment.expires,
      .enrolment = std::make_shared<const policy::Enrolment>(record->enrolment)};
}

Result<CertificateAuthority::Application> CertificateAuthority::ReadEnrolment(
    const IssueRequest& request) const {
  const auto enrolment = request.principal.enrolment;
  if (!request.request_id) return RequestIdRequired();
  if (request.profile != enrolment->profile) return OtherProfile(enrolment->profile);
  TRY_ASSIGN(auto application, ReadApplication(request));
  TRY(RequireAmong(application.names, enrolment->names, OtherNames()));
  policy::IssuanceWish wish = WishFor(*enrolment, DefaultIssuer());
  wish.lifetime = request.lifetime;
  wish.key_hash = application.key_hash;
  application.names = enrolment->names;
  application.decide = [enrolment, wish](const policy::Authorizer& authorizer) {
    return authorizer.AuthorizeEnrolment(*enrolment, wish);
  };
  application.token = TokenUse{enrolment->token_hash, enrolment->uses_max, enrolment->expires};
  return application;
}

}  // namespace mayfly::issuance
