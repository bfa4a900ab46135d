#include "libagent/adapters/net_operation.hpp"

#include "libagent/adapters/asio_net_loop.hpp"

#include <utility>

namespace libagent {

net_operation::net_operation(asio_net_loop& loop, kind of, std::stop_token stop)
    : loop_{loop}, kind_{of}, stop_{std::move(stop)} {}

void net_operation::begin(list::iterator position) {
  position_ = position;
  if (stop_.stop_requested())
    return fail(errc::cancelled, "cancelled");
  if (stop_.stop_possible())
    on_stop_.emplace(stop_, stop_relay{&loop_, weak_from_this()});
  start();
}

void net_operation::stop_relay::operator()() const {
  loop->post_cancel(stopped);
}

void net_operation::fail(errc code, const std::string& why) {
  const auto self = shared_from_this();
  if (end())
    answer_error({code, name() + ": " + why});
}

void net_operation::set_timer(time_point when) {
  timer_.emplace(loop_.context(), when);
  timer_->async_wait([self = shared_from_this()](const auto& failure) {
    if (!failure && !self->ended_)
      self->on_time();
  });
}

bool net_operation::end() {
  if (std::exchange(ended_, true))
    return false;
  on_stop_.reset();
  stop_ = {};
  timer_.reset();
  close();
  if (position_)
    loop_.forget(*position_);
  return true;
}

}  // namespace libagent
