#include "rpc/page_token.h"

#include <gtest/gtest.h>

#include <set>

#include "base/system.h"

namespace mayfly::rpc {
namespace {

class PageToken : public testing::Test {
 protected:
  SystemRandom random_;
  SystemClock clock_;
  PageTokens tokens_{Hash256{1}, random_};
  IndexPosition place_{
      TimePoint(std::chrono::microseconds(1'700'000'000'000'001)),
      {x509::SerialNumber::Make(x509::LifetimeClass::kLonger, clock_.Now(), random_),
       IssuerId{70'000}}};
};

TEST_F(PageToken, OpensToWhatWasSealed) {
  const std::string token = tokens_.Seal(place_, "a list");
  auto opened = tokens_.Open(token, "a list");
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, place_);
  EXPECT_EQ(*PageTokens(Hash256{1}, random_).Open(token, "a list"), place_) << "another server";
}

TEST_F(PageToken, OfEventsIsAnother) {
  const EventPosition place{TimePoint(Milliseconds(1234567)), 42};
  const std::string token = tokens_.Seal(place, "a list");
  const auto opened = tokens_.OpenEvents(token, "a list");
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, place);
  EXPECT_FALSE(tokens_.OpenEvents(token, "another list"));
  EXPECT_FALSE(tokens_.Open(token, "a list"));
  EXPECT_FALSE(tokens_.OpenEvents(tokens_.Seal(place_, "a list"), "a list"));
}

TEST_F(PageToken, OfProposalsIsAnother) {
  const ProposalPosition place{TimePoint(std::chrono::microseconds(1'700'000'000'000'001)),
                               Uuid::MakeV7(clock_.Now(), random_)};
  const std::string token = tokens_.Seal(place, "a list");
  const auto opened = tokens_.OpenProposals(token, "a list");
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, place);
  EXPECT_FALSE(tokens_.OpenProposals(token, "another list"));
  EXPECT_FALSE(tokens_.OpenEvents(token, "a list"));
  EXPECT_FALSE(tokens_.OpenProposals(tokens_.Seal(place_, "a list"), "a list"));
}

TEST_F(PageToken, EveryChangedBitIsFound) {
  const Bytes token = *FromBase64(tokens_.Seal(place_, "a list"));
  for (size_t bit = 0; bit < 8 * token.size(); ++bit) {
    Bytes changed = token;
    changed[bit / 8] ^= 1u << bit % 8;
    auto opened = tokens_.Open(ToBase64(changed), "a list");
    ASSERT_FALSE(opened) << bit;
    EXPECT_EQ(opened.error().rule, "list.page-token");
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(PageToken, IsGoodForOneListAndOneKey) {
  const std::string token = tokens_.Seal(place_, "a list");
  EXPECT_FALSE(tokens_.Open(token, "another list"));
  EXPECT_FALSE(tokens_.Open(token, ""));
  EXPECT_FALSE(PageTokens(Hash256{2}, random_).Open(token, "a list"));
}

TEST_F(PageToken, WhatIsNoTokenIsRefused) {
  const std::string token = tokens_.Seal(place_, "");
  for (const std::string& text : {std::string("x"), std::string(10'000, 'A'), token + "AAAA",
                                  token.substr(0, token.size() - 4), " " + token}) {
    EXPECT_FALSE(tokens_.Open(text, "")) << text;
  }
}

// Neither the place nor that two tokens have the same one can be seen.
TEST_F(PageToken, ShowsNothing) {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(tokens_.Seal(place_, "a list"));
  EXPECT_EQ(tokens.size(), 100u);
  const std::string octets = ToString(*FromBase64(*tokens.begin()));
  EXPECT_EQ(octets.find(ToString(place_.key.serial.octets().first(7))), std::string::npos);
}

}  // namespace
}  // namespace mayfly::rpc
