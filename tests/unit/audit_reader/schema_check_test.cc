#include "clients/audit/schema_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/fakes/schema_dump.h"

namespace mayfly::audit_reader {
namespace {

using fakes::Replaced;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> FindingsOf(const std::string& dump) {
  std::istringstream in(dump);
  SqlStatements statements(in);
  SchemaCheck check;
  while (true) {
    const auto statement = statements.Next();
    EXPECT_TRUE(statement);
    if (!statement || !*statement) break;
    check.Take(**statement);
  }
  std::vector<std::string> texts;
  for (const Finding& finding : check.Findings()) {
    EXPECT_EQ(finding.rule, "ledger.schema");
    texts.push_back(finding.text);
  }
  return texts;
}

const std::string kDump(schema::Dump());

std::string With(const std::string& statement) { return kDump + statement + ";\n"; }
std::string Changed(const std::string& from, const std::string& to) {
  std::string text = kDump;
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(SchemaCheck, TheSchemaItself) { EXPECT_THAT(FindingsOf(kDump), IsEmpty()); }

TEST(SchemaCheck, WhatHidesOrDoublesRowsIsFound) {
  for (const char* statement : {
           "CREATE TABLE public.rc ( )\nINHERITS (mayfly.revocation)",
           "CREATE TABLE mayfly.other (\n    a integer\n)",
           "ALTER TABLE mayfly.revocation ENABLE ROW LEVEL SECURITY",
           "CREATE POLICY p ON mayfly.revocation USING ((number <> 1))",
           "CREATE RULE r AS ON INSERT TO mayfly.revocation DO INSTEAD NOTHING",
           "CREATE TRIGGER t BEFORE INSERT ON mayfly.revocation FOR EACH ROW EXECUTE FUNCTION "
           "public.f()",
           "CREATE VIEW public.v AS SELECT number FROM mayfly.revocation",
           "CREATE OPERATOR mayfly.= (\n    FUNCTION = public.f\n)",
           "CREATE FUNCTION mayfly.clock_timestamp() RETURNS timestamp with time zone\n    "
           "LANGUAGE "
           "sql\n    AS $$ SELECT now() $$",
           "CREATE UNIQUE INDEX i ON mayfly.event USING btree (kind)",
           "CREATE EVENT TRIGGER e ON login EXECUTE FUNCTION public.f()",
           "CREATE CAST (bytea AS text) WITH FUNCTION public.f(bytea)",
           "CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public",
           "GRANT UPDATE ON TABLE mayfly.revocation TO mayfly_issue",
           "GRANT ALL ON FUNCTION mayfly.add_block(p_kind smallint, p_value bytea, p_effect "
           "smallint, p_reason text, p_principal text) TO PUBLIC",
           "GRANT CREATE ON SCHEMA mayfly TO mayfly_issue",
           "ALTER DEFAULT PRIVILEGES FOR ROLE o IN SCHEMA mayfly_partitions GRANT ALL ON TABLES TO "
           "a",
           "ALTER TABLE mayfly_partitions.issuance_c1_20000101 ENABLE ROW LEVEL SECURITY",
           "ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION mayfly_partitions.rest DEFAULT",
           "ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION "
           "mayfly_partitions.issuance_c1_20000102 "
           "DEFAULT",
           "ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION "
           "mayfly_partitions.outcome_c1_20000101 FOR VALUES FROM ('\\x21') TO ('\\x22')",
           "CREATE TABLE public.issuance_c1_20000101 ( )\nINHERITS (mayfly.issuance)",
           "CREATE TABLE mayfly_partitions.issuance_c4_20000101 (\n    a integer\n)",
           "CREATE TABLE mayfly_partitions.issuance_c1_200001011 (\n    a integer\n)",
           "CREATE TABLE mayfly_partitions.request_c1_20000101 (\n    a integer\n)",
       }) {
    EXPECT_THAT(FindingsOf(With(statement)), ElementsAre(HasSubstr("the schema has not")))
        << statement;
  }
}

TEST(SchemaCheck, WhatIsAnotherIsShownBeside) {
  EXPECT_THAT(
      FindingsOf(Changed("    name text NOT NULL,\n    subject", "    name text,\n    subject")),
      ElementsAre(AllOf(HasSubstr("CREATE TABLE mayfly.issuer is another: expected \"..id integer "
                                  "NOT NULL, name text NOT NULL, subject"),
                        HasSubstr("there is \"..id integer NOT NULL, name text, subject"))));
  EXPECT_THAT(FindingsOf(Changed("ADD CONSTRAINT issuer_name_key UNIQUE (name)",
                                 "ADD CONSTRAINT issuer_name_key UNIQUE (id, name)")),
              ElementsAre(HasSubstr("ALTER TABLE ONLY mayfly.issuer")));
}

TEST(SchemaCheck, WhatIsGone) {
  EXPECT_THAT(
      FindingsOf(Changed(
          "ALTER TABLE ONLY mayfly.issuer\n    ADD CONSTRAINT issuer_name_key UNIQUE (name);\n",
          "")),
      ElementsAre("the dump lacks \"ALTER TABLE ONLY mayfly.issuer ADD CONSTRAINT issuer_name_key "
                  "UNIQUE (name)\""));
  EXPECT_THAT(
      FindingsOf(Changed("REVOKE ALL ON FUNCTION mayfly.close_tick() FROM PUBLIC;\n", "")),
      ElementsAre(HasSubstr("the dump lacks \"REVOKE ALL ON FUNCTION mayfly.close_tick()")));
}

TEST(SchemaCheck, PartitionsComeAndGoWhole) {
  const size_t statements = FindingsOf("").size();
  EXPECT_GT(statements, 300u) << "all but the partitions'";
  // Another day, another class, bounds of their own, and NOT NULL with a name, as PostgreSQL 18
  // has.
  std::string other = Replaced(kDump, "c1_20000101", "c3_20991231");
  other = Replaced(other, "request_20000101", "request_20991231");
  other = Replaced(other, "\\x2100dc6", "\\x2300dc7");
  other = Replaced(other, "    serial bytea NOT NULL", "    serial bytea CONSTRAINT a_b NOT NULL");
  EXPECT_THAT(FindingsOf(other), IsEmpty());
  EXPECT_THAT(FindingsOf(kDump + other), IsEmpty()) << "both";
  // One that is not attached is one whose rows are not seen.
  const std::string attach =
      "ALTER TABLE ONLY mayfly.issuance ATTACH PARTITION mayfly_partitions.issuance_c1_20000101 ";
  EXPECT_THAT(FindingsOf(Replaced(kDump, attach, "-- ")),
              ElementsAre(HasSubstr("the dump lacks \"" + attach)));
  const std::string index = "issuance_c1_20000101_not_after_serial_issuer_id_idx ON";
  EXPECT_THAT(FindingsOf(Replaced(kDump, "INDEX " + index, "UNIQUE INDEX " + index)),
              testing::SizeIs(2));
  EXPECT_THAT(
      FindingsOf(Replaced(kDump, "CREATE TABLE mayfly_partitions.outcome_c1_20000101 (",
                          "CREATE TABLE mayfly_partitions.outcome_c1_20000101 (\n    a a,")),
      ElementsAre(HasSubstr("CREATE TABLE mayfly_partitions.outcome_c1_20000101 is another")));
}

TEST(SchemaCheck, WhatIsSomebodyElsesIsNotLookedAt) {
  for (const char* statement : {
           "CREATE TABLE public.notes (\n    mayfly text DEFAULT 'mayfly.issuer'::text\n)",
           "ALTER TABLE ONLY public.notes ADD CONSTRAINT mayfly CHECK ((a > 0))",
           "CREATE SCHEMA other",
           "CREATE TABLE notmayfly.issuer (\n    a integer\n)",
           "CREATE FUNCTION public.f() RETURNS void LANGUAGE sql AS $$ DELETE FROM mayfly.event $$",
           "SET default_tablespace = fast",
           "RESET SESSION AUTHORIZATION",
           "COMMENT ON TABLE mayfly.issuer IS 'ours'",
           "ALTER TABLE mayfly.issuer OWNER TO \"somebody else\"",
           "ALTER FUNCTION mayfly.uuid_ms(id uuid) OWNER TO mayfly_owner",
           "SELECT pg_catalog.setval('mayfly.event_id_seq', 7, true)",
           "ALTER DATABASE mayfly OWNER TO mayfly_owner",
       }) {
    EXPECT_THAT(FindingsOf(With(statement)), IsEmpty()) << statement;
  }
}

}  // namespace
}  // namespace mayfly::audit_reader
