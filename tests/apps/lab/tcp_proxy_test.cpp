#include "apps/lab/tcp_proxy.hpp"

#include "apps/lab/io_socket.hpp"

#include "tests/support/loopback_server.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::lab::connect_to;
using libagent::lab::proxy_mode;
using libagent::lab::tcp_proxy;
using libagent::testing::loopback_peer;
using libagent::testing::loopback_server;

namespace {

/// A connection to a port, as a peer that can be worked by hand. Closed with it.
class proxied_client {
public:
  explicit proxied_client(std::uint16_t port)
      : socket_{*connect_to(port, 0)}, peer_{::dup(socket_.get())} {
    // Otherwise the proxy learns of the connection with its first bytes, or after 200 ms.
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  }

  [[nodiscard]] loopback_peer& peer() { return peer_; }

  /// What the next read gives: text, "end", "reset", or "nothing" that has arrived.
  [[nodiscard]] std::string arrived(int flags = MSG_DONTWAIT) const {
    std::array<char, 64> buffer{};
    const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), flags);
    if (count > 0)
      return {buffer.data(), static_cast<std::size_t>(count)};
    if (count == 0)
      return "end";
    return errno == ECONNRESET ? "reset" : "nothing";
  }

  /// The same, but waits for it.
  [[nodiscard]] std::string next() const { return arrived(0); }

  void close() {
    peer_.close();
    socket_.reset();
  }

private:
  owned_descriptor socket_;
  loopback_peer peer_;
};

/// A server behind a proxy, with one connection that is known to work.
struct proxied_pair {
  loopback_server server;
  std::unique_ptr<tcp_proxy> proxy = *tcp_proxy::start(server.port());
  proxied_client client{proxy->port()};
  loopback_peer peer = server.accept();

  proxied_pair() {
    client.peer().send("hello");
    REQUIRE(peer.receive(5) == "hello");
    peer.send("welcome");
    REQUIRE(client.peer().receive(7) == "welcome");
  }

  /// What was sent before has been looked at when this returns: an order is taken between two
  /// rounds of the proxy's loop, so after two of them a whole round lies behind.
  void let_proxy_work(proxy_mode mode) {
    proxy->set_mode(mode);
    proxy->set_mode(mode);
  }
};

}  // namespace

TEST_CASE("a proxy passes bytes and ends in both directions", "[lab]") {
  proxied_pair pair;
  CHECK(pair.proxy->counts().accepted == 1);
  const std::string large(1'000'000, 'x');
  std::thread sender{[&] { pair.client.peer().send(large); }};
  CHECK(pair.peer.receive(large.size()).size() == large.size());
  sender.join();
  pair.client.close();
  CHECK(pair.peer.receive().empty());
}

TEST_CASE("a proxy that is cut resets its connections, and new ones, until it passes again",
          "[lab]") {
  proxied_pair pair;
  pair.proxy->set_mode(proxy_mode::cut);
  CHECK(pair.client.next() == "reset");
  CHECK(pair.proxy->counts().open == 0);
  CHECK(proxied_client{pair.proxy->port()}.next() == "reset");
  pair.proxy->set_mode(proxy_mode::pass);
  proxied_client again{pair.proxy->port()};
  again.peer().send("x");
  CHECK(pair.server.accept().receive() == "x");
}

TEST_CASE("a proxy that stalls holds bytes back in both directions, and loses none", "[lab]") {
  proxied_pair pair;
  pair.proxy->set_mode(proxy_mode::stall);
  pair.client.peer().send("question");
  pair.peer.send("answer");
  pair.let_proxy_work(proxy_mode::stall);
  CHECK(pair.client.arrived() == "nothing");
  pair.proxy->set_mode(proxy_mode::pass);
  CHECK(pair.peer.receive(8) == "question");
  CHECK(pair.client.peer().receive(6) == "answer");
}

TEST_CASE("a proxy that trickles passes bytes no faster than told", "[lab]") {
  proxied_pair pair;
  pair.proxy->set_mode(proxy_mode::trickle, {.bytes = 2, .interval = 5ms});
  const auto begin = std::chrono::steady_clock::now();
  pair.client.peer().send("twelve bytes");
  CHECK(pair.peer.receive().size() <= 2);
  CHECK(pair.peer.receive(10).size() == 10);
  // Six portions, of which the first may come at once.
  CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
}

TEST_CASE("a half-open connection has a server that is gone and a client that does not know",
          "[lab]") {
  proxied_pair pair;
  pair.proxy->set_mode(proxy_mode::half_open);
  CHECK(pair.peer.receive().empty());
  pair.client.peer().send("anybody there?");
  proxied_client late{pair.proxy->port()};
  late.peer().send("hello?");
  pair.let_proxy_work(proxy_mode::half_open);
  CHECK(pair.client.arrived() == "nothing");
  CHECK(late.arrived() == "nothing");
  CHECK(pair.proxy->counts().open == 2);
  pair.proxy->set_mode(proxy_mode::pass);
  CHECK(pair.client.next() == "reset");
  CHECK(late.next() == "reset");
}

TEST_CASE("a one-way proxy passes the question and keeps the answer", "[lab]") {
  proxied_pair pair;
  pair.proxy->set_mode(proxy_mode::one_way);
  pair.client.peer().send("question");
  CHECK(pair.peer.receive(8) == "question");
  pair.peer.send("answer");
  pair.let_proxy_work(proxy_mode::one_way);
  CHECK(pair.client.arrived() == "nothing");
  pair.proxy->set_mode(proxy_mode::pass);
  CHECK(pair.client.peer().receive(6) == "answer");
}

TEST_CASE("a proxy in front of nothing resets, and follows its server to another port", "[lab]") {
  std::optional<loopback_server> server{std::in_place};
  const auto proxy = *tcp_proxy::start(server->port());
  server.reset();
  CHECK(proxied_client{proxy->port()}.next() == "reset");
  const loopback_server moved;
  proxy->set_server_port(moved.port());
  proxied_client client{proxy->port()};
  client.peer().send("x");
  CHECK(moved.accept().receive() == "x");
}

TEST_CASE("a reset of the server reaches the client", "[lab]") {
  proxied_pair pair;
  pair.peer.reset();
  CHECK(pair.client.next() == "reset");
}
