#pragma once

#include "libagent/adapters/curl_parts.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <sys/epoll.h>

namespace libagent {

/// A multi handle of curl driven by epoll: curl says which sockets it waits for and when it wants
/// to be called next. A wake-up costs what the ready sockets cost, not what all calls cost.
/// Thread safety: none.
class curl_sockets {
public:
  /// `wake` is a descriptor of the caller's that is waited for as well.
  curl_sockets(int wake, std::size_t idle_connections_max);
  curl_sockets(const curl_sockets&) = delete;
  curl_sockets& operator=(const curl_sockets&) = delete;
  ~curl_sockets() = default;

  /// Sleeps until there is something to do, at most until `latest`. Blocking: so long.
  void wait(time_point latest);

  /// Has curl do what there is to do since `wait`; its callbacks run in here.
  void work();

  /// Whether `work` has perhaps left something that was ready.
  [[nodiscard]] bool has_more() const { return was_full_; }

  [[nodiscard]] CURLM* multi() const { return multi_.get(); }

private:
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* user, void* known);
  static int on_timer(CURLM* multi, long wait_ms, void* user);

  int wake_;
  owned_descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  curl_multi multi_{curl_multi_init()};
  time_point due_ = time_point::max();    ///< When curl wants to be called.
  std::array<epoll_event, 64> events_{};  ///< Few, as orders are looked at in between.
  std::size_t ready_ = 0;
  bool was_full_ = false;
};

}  // namespace libagent
