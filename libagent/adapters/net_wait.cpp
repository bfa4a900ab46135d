#include "libagent/adapters/net_wait.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace libagent {

namespace {

// Longer than any process lives, and far from the end of the clock's range.
constexpr std::chrono::hours longest_wait{24 * 365 * 10};

}  // namespace

net_wait::net_wait(asio_net_loop& loop, duration length, std::stop_token stop,
                   async_net::wait_done done)
    : net_operation{loop, kind::wait, std::move(stop)},
      until_{std::chrono::steady_clock::now() +
             std::clamp<duration>(length, duration::zero(), longest_wait)},
      done_{std::move(done)} {}

void net_wait::start() {
  set_timer(until_);
}

void net_wait::on_time() {
  const auto self = shared_from_this();
  if (end())
    std::exchange(done_, {})({});
}

void net_wait::answer_error(error why) {
  std::exchange(done_, {})(std::move(why));
}

}  // namespace libagent
