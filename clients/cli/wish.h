// What a command line wishes for: the CSR, made here or given, and what is asked for beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clients/cpp/client.h"
#include "clients/cpp/private_key.h"

namespace mayfly::cli {

struct WishOptions {
  std::vector<std::string> names;
  std::string profile = "server";
  std::string lifetime;  // empty: the profile's default
  std::string csr_file;  // empty: key and CSR are made here
  std::string key_type;  // empty: ec-p256
};

struct Wish {
  client::IssueWish wish;
  std::optional<client::PrivateKey> key;  // nothing with a CSR that was given
};

// A name that is none is a mistake on the command line, whichever of its rules says so. Error:
// kInvalidArgument "cli.names".
Result<x509::GeneralNames> ReadNames(const std::vector<std::string>& texts);
// `option` is about a key that is made here, and --csr brings one. Error: kInvalidArgument
// "cli.key-of-csr".
Status CheckNoCsr(const WishOptions& options, const std::string& value, std::string_view option);
// The text of --lifetime; nothing where there is none. Error: kInvalidArgument "cli.lifetime".
Result<std::optional<Seconds>> ReadLifetime(const std::string& text);

// Errors: kInvalidArgument "cli.lifetime", "cli.names", "cli.key-type"; those of reading the CSR.
Result<Wish> MakeWish(const WishOptions& options);

}  // namespace mayfly::cli
