#include "net/tcp_acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <thread>

#include "tests/fakes/eventually.h"

namespace mayfly::net {
namespace {

class TcpAcceptorTest : public testing::Test {
 protected:
  void TearDown() override {
    if (acceptor_) acceptor_->Close();
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }
  void Open(const std::string& host) {
    auto acceptor = TcpAcceptor::Open(context_, {host, 0});
    ASSERT_TRUE(acceptor) << Describe(acceptor.error(), ErrorText::kForLog);
    acceptor_ = *std::move(acceptor);
    acceptor_->Run([this](Tcp::socket) { ++taken_; });
    thread_ = std::thread([this] { context_.run(); });
  }
  bool Connect(const char* address) {
    boost::system::error_code error;
    Tcp::socket socket(clients_);
    socket.connect({asio::ip::make_address(address), acceptor_->port()}, error);
    return !error;
  }

  asio::io_context clients_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<TcpAcceptor> acceptor_;
  std::atomic<int> taken_ = 0;
  std::thread thread_;
};

TEST_F(TcpAcceptorTest, TakesConnectionsUntilItIsClosed) {
  Open("localhost");
  EXPECT_TRUE(Connect("127.0.0.1"));
  EXPECT_TRUE(fakes::Eventually([&] { return taken_ == 1; }));
  acceptor_->Close();
  EXPECT_TRUE(fakes::Eventually([&] { return !Connect("127.0.0.1"); }));
}

TEST_F(TcpAcceptorTest, OfAllAddressesIPv4AreTakenToo) {
  Open("::");
  EXPECT_TRUE(Connect("127.0.0.1"));
  EXPECT_TRUE(Connect("::1"));
}

TEST_F(TcpAcceptorTest, OneAddressIsOneAddress) {
  Open("127.0.0.1");
  EXPECT_FALSE(Connect("::1"));
  EXPECT_FALSE(Connect("127.0.0.2"));
}

TEST_F(TcpAcceptorTest, WhatCannotBeListenedOnIsAnError) {
  Open("::1");
  const auto in_use = TcpAcceptor::Open(context_, {"::1", acceptor_->port()});
  ASSERT_FALSE(in_use);
  EXPECT_EQ(in_use.error().rule, "listener.address");
  ASSERT_EQ(in_use.error().violations.size(), 1u);
  EXPECT_EQ(in_use.error().violations[0].field, "[::1]:" + std::to_string(acceptor_->port()));
  EXPECT_EQ(TcpAcceptor::Open(context_, {"not an address", 0}).error().rule, "listener.address");
  EXPECT_EQ(TcpAcceptor::Open(context_, {"192.0.2.1", 0}).error().rule, "listener.address");
}

// What is connected waits in the kernel meanwhile.
TEST_F(TcpAcceptorTest, GoesOnAfterItWasOutOfDescriptors) {
  Open("127.0.0.1");
  Tcp::socket client(clients_, Tcp::v4());
  const int next = dup(0);
  ASSERT_GE(next, 0);
  close(next);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  client.connect({asio::ip::make_address("127.0.0.1"), acceptor_->port()});
  EXPECT_TRUE(fakes::Eventually([&] { return !acceptor_->Trouble(); }));
  EXPECT_EQ(acceptor_->Trouble().error().rule, "listener.accept");
  EXPECT_EQ(taken_, 0);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(fakes::Eventually([&] { return taken_ == 1; }));
  EXPECT_TRUE(acceptor_->Trouble());
}

}  // namespace
}  // namespace mayfly::net
