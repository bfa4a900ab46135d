#include "libagent/adapters/asio_net_loop.hpp"

#include <boost/asio/post.hpp>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace libagent {

namespace {

namespace net = boost::asio;

// So that a burst of new exchanges does not keep the thread from those whose answer is there.
constexpr std::size_t orders_at_once = 64;

constexpr const char* stopped_text = "the network loop is being stopped";

}  // namespace

asio_net_loop::asio_net_loop(const async_net_options& options) : options_{options} {}

void asio_net_loop::run() {
  // Ends when `end_all` was called and every handler it cancelled has run.
  context_.run();
  std::deque<order> late;
  {
    const std::lock_guard guard{orders_mutex_};
    is_closed_ = true;
    late.swap(orders_);
  }
  for (const auto& asked : late)
    carry_out(asked);
}

void asio_net_loop::stop() {
  net::post(context_, [this] { end_all(); });
}

void asio_net_loop::start(const std::shared_ptr<net_operation>& operation) {
  if (!post({operation, {}}))
    operation->fail(errc::cancelled, stopped_text);
}

void asio_net_loop::post_cancel(std::weak_ptr<net_operation> operation) {
  (void)post({{}, std::move(operation)});
}

bool asio_net_loop::post(order asked) {
  const std::lock_guard guard{orders_mutex_};
  if (is_closed_)
    return false;
  orders_.push_back(std::move(asked));
  if (orders_.size() == 1)
    net::post(context_, [this] { run_orders(); });
  return true;
}

void asio_net_loop::run_orders() {
  if (taken_.empty()) {
    const std::lock_guard guard{orders_mutex_};
    taken_.swap(orders_);
  }
  for (std::size_t left = orders_at_once; left > 0 && !taken_.empty(); --left) {
    const auto asked = std::move(taken_.front());
    taken_.pop_front();
    carry_out(asked);
  }
  if (!taken_.empty())
    net::post(context_, [this] { run_orders(); });
}

void asio_net_loop::carry_out(const order& asked) {
  if (asked.begun) {
    begin(asked.begun);
  } else if (const auto operation = asked.cancelled.lock()) {
    operation->fail(errc::cancelled, "cancelled");
  }
}

void asio_net_loop::begin(const std::shared_ptr<net_operation>& operation) {
  if (stopping_)
    return operation->fail(errc::cancelled, stopped_text);
  const bool connects = operation->what() == net_operation::kind::exchange;
  auto& count = connects ? exchanges_ : waits_;
  const auto bound = connects ? options_.connections_max : options_.waits_max;
  if (count >= bound) {
    return operation->fail(errc::overloaded, std::to_string(count) + " are under way already");
  }
  ++count;
  under_way_.push_back(operation);
  operation->begin(std::prev(under_way_.end()));
}

void asio_net_loop::forget(net_operation::list::iterator position) {
  --((*position)->what() == net_operation::kind::exchange ? exchanges_ : waits_);
  under_way_.erase(position);
}

void asio_net_loop::end_all() {
  stopping_ = true;
  resolver_.cancel();
  // Answering one may cancel others, which changes the list.
  const std::vector<std::shared_ptr<net_operation>> present{under_way_.begin(), under_way_.end()};
  for (const auto& operation : present)
    operation->fail(errc::cancelled, stopped_text);
  open_.reset();
}

}  // namespace libagent
