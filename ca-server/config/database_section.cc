#include "config/database_section.h"

#include "config/general_names.h"

namespace mayfly::config {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClientProfile = "database";

// A password in the configuration would be read by everybody who may read that.
bool HoldsPassword(std::string_view connection) {
  for (size_t at = connection.find("password"); at != std::string_view::npos;
       at = connection.find("password", at + 1)) {
    size_t after = connection.find_first_not_of(' ', at + std::string_view("password").size());
    if (after != std::string_view::npos && connection[after] == '=') return true;
  }
  return false;
}

void CheckConnection(Section& section, const std::string& connection) {
  if (connection.find("://") != std::string::npos) {
    section.Complain("connection", "config.connection",
                     "\"connection\" is libpq keywords, like \"host=... dbname=...\", not a URI");
  }
  if (HoldsPassword(connection)) {
    section.Complain("connection", "config.secret",
                     "\"connection\" must not hold a password; name a file in \"password_file\"");
  }
}

// As libpq reads it (PostgreSQL 34.1.1.1); the last of two equal keywords counts.
void Append(std::string& connection, std::string_view keyword, std::string_view value) {
  connection.append(" ").append(keyword).append("='");
  for (const char c : value) {
    if (c == '\'' || c == '\\') connection += '\\';
    connection += c;
  }
  connection += "'";
}

void ReadClientCertificate(Section& section, const fs::path& folder, DatabaseConfig& database) {
  const auto file = section.OptionalString("client_certificate");
  if (!file) {
    for (std::string_view key : {"client_names", "client_profile"}) {
      if (section.Has(key)) {
        section.Complain(key, "config.not-here",
                         "\"" + std::string(key) + "\" is only for \"client_certificate\"");
      }
    }
    return;
  }
  ClientCertificateConfig certificate{(folder / *file).lexically_normal(),
                                      ReadNames(section, "client_names"),
                                      section.StringOr("client_profile", kClientProfile)};
  if (!section.Has("server_roots")) {
    section.Complain("client_certificate", "config.missing",
                     "\"client_certificate\" needs \"server_roots\": whoever is shown it must be "
                     "the database");
  }
  // One file, so that no session reads the certificate of one pair and the key of another.
  Append(database.connection, "sslcert", certificate.file.string());
  Append(database.connection, "sslkey", certificate.file.string());
  database.client_certificate = std::move(certificate);
}

}  // namespace

DatabaseConfig ReadDatabase(Section section, const fs::path& folder) {
  DatabaseConfig database;
  database.connection = section.String("connection");
  CheckConnection(section, database.connection);
  if (auto file = section.OptionalString("password_file")) {
    database.password_file = (folder / *file).lexically_normal();
  }
  if (auto roots = section.OptionalString("server_roots")) {
    Append(database.connection, "sslmode", "verify-full");
    Append(database.connection, "sslrootcert", (folder / *roots).lexically_normal().string());
  }
  ReadClientCertificate(section, folder, database);
  return database;
}

}  // namespace mayfly::config
