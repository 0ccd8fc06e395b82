// Whom connections are counted for.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <utility>  // Asio of Boost 1.74 forgets it

namespace mayfly::net {

// IPv4 where IPv6 carries it; else the same.
boost::asio::ip::address Unmapped(const boost::asio::ip::address& ip);

// "10.0.0.7", also where IPv6 carries it; "2001:db8:0:1::/64", since whoever has one address of
// such a network has all of them.
std::string ClientAddress(const boost::asio::ip::address& ip);

// Of the other end. Nothing: it has gone already.
std::optional<std::string> ClientAddressOf(const boost::asio::ip::tcp::socket& socket);

// Closes with a reset: whoever comes too often leaves nothing behind in the kernel either.
void Reset(boost::asio::ip::tcp::socket socket);

}  // namespace mayfly::net
