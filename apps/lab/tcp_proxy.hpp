#pragma once

#include "apps/lab/proxy_link.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace libagent::lab {

/// How much of what a `tcp_proxy` lets pass in `proxy_mode::trickle`, in each direction of each
/// connection.
struct trickle_rate {
  std::size_t bytes = 1;
  std::chrono::milliseconds interval{10};
};

/// How many connections a `tcp_proxy` has and had.
struct proxy_counts {
  std::size_t open = 0;
  std::size_t accepted = 0;  ///< Since its start, also those that were reset at once.
};

/// A network that can be broken: listens on a port of 127.0.0.1 and passes what comes to another
/// one.
///
/// Works on a thread of its own. Thread safety: all, but for the destructor.
class tcp_proxy {
public:
  /// Begins in `proxy_mode::pass`. Errors: `errc::io_failed`.
  [[nodiscard]] static expected<std::unique_ptr<tcp_proxy>> start(std::uint16_t server_port);

  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;
  /// Ends all connections and the thread.
  ~tcp_proxy();

  /// Where to connect to.
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// When it returns, the mode holds for all that passes from then on. @pre `rate` is positive.
  void set_mode(proxy_mode mode, trickle_rate rate = {});

  /// For connections that are accepted from now on, after a restart of the server, say.
  void set_server_port(std::uint16_t port);

  [[nodiscard]] proxy_counts counts() const;

private:
  /// What the thread is asked for.
  struct orders {
    std::uint16_t server_port = 0;
    proxy_mode mode = proxy_mode::pass;
    trickle_rate rate;
    bool is_ended = false;
  };

  tcp_proxy(owned_descriptor listener, owned_descriptor bell, std::uint16_t port,
            std::uint16_t server_port);

  template <class Change>
  void order(Change change);

  void run();
  bool take_orders();
  void enter_mode(proxy_mode former);
  void wait_for_events();
  void refill(time_point now);
  [[nodiscard]] owned_descriptor reach_server() const;
  void accept_all();
  void pump_all();

  owned_descriptor listener_;
  owned_descriptor bell_;  // an eventfd: there are new orders
  std::uint16_t port_;

  mutable std::mutex lock_;
  std::condition_variable taken_;
  orders ordered_;                  // with the lock
  std::uint64_t orders_given_ = 0;  // with the lock
  std::uint64_t orders_taken_ = 0;  // with the lock
  proxy_counts counts_;             // with the lock

  // The thread's own.
  orders current_;
  std::vector<proxy_link> links_;
  std::vector<pollfd> polled_;
  time_point next_refill_;

  std::thread thread_;
};

}  // namespace libagent::lab
