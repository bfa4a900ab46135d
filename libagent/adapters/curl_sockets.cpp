#include "libagent/adapters/curl_sockets.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <chrono>

namespace libagent {

namespace {

int curl_bits_of(std::uint32_t events) {
  int bits = 0;
  if ((events & (EPOLLIN | EPOLLHUP)) != 0U)
    bits |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0U)
    bits |= CURL_CSELECT_OUT;
  if ((events & EPOLLERR) != 0U)
    bits |= CURL_CSELECT_ERR;
  return bits;
}

std::uint32_t epoll_bits_of(int what) {
  std::uint32_t bits = 0;
  if ((what & CURL_POLL_IN) != 0)
    bits |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0)
    bits |= EPOLLOUT;
  return bits;
}

/// What epoll_wait takes: -1 for ever, and never too short a time, which would be waited for again.
int wait_ms_until(time_point due) {
  if (due == time_point::max())
    return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

curl_sockets::curl_sockets(int wake, std::size_t idle_connections_max) : wake_{wake} {
  LIBAGENT_EXPECTS(multi_ && epoll_.is_open());
  curl_multi_setopt(multi(), CURLMOPT_MAXCONNECTS, static_cast<long>(idle_connections_max));
  curl_multi_setopt(multi(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi(), CURLMOPT_SOCKETFUNCTION, &on_socket);
  curl_multi_setopt(multi(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi(), CURLMOPT_TIMERFUNCTION, &on_timer);
  curl_multi_setopt(multi(), CURLMOPT_TIMERDATA, this);
  epoll_event wanted{.events = EPOLLIN, .data = {.fd = wake}};
  LIBAGENT_EXPECTS(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake, &wanted) == 0);
}

int curl_sockets::on_socket(CURL*, curl_socket_t socket, int what, void* user, void* known) {
  auto& self = *static_cast<curl_sockets*>(user);
  if (what == CURL_POLL_REMOVE) {
    (void)::epoll_ctl(self.epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
    curl_multi_assign(self.multi(), socket, nullptr);
    return 0;
  }
  epoll_event wanted{.events = epoll_bits_of(what), .data = {.fd = socket}};
  (void)::epoll_ctl(self.epoll_.get(), known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket,
                    &wanted);
  curl_multi_assign(self.multi(), socket, user);  // Any pointer says that it is known from now on.
  return 0;
}

int curl_sockets::on_timer(CURLM*, long wait_ms, void* user) {
  static_cast<curl_sockets*>(user)->due_ =
      wait_ms < 0 ? time_point::max()
                  : std::chrono::steady_clock::now() + std::chrono::milliseconds{wait_ms};
  return 0;
}

void curl_sockets::wait(time_point latest) {
  const auto count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                  wait_ms_until(std::min(latest, due_)));
  ready_ = static_cast<std::size_t>(std::max(count, 0));
  was_full_ = ready_ == events_.size();
}

void curl_sockets::work() {
  int running = 0;
  for (std::size_t i = 0; i < ready_; ++i) {
    const auto& event = events_.at(i);
    if (event.data.fd != wake_)
      curl_multi_socket_action(multi(), event.data.fd, curl_bits_of(event.events), &running);
  }
  ready_ = 0;
  if (due_ <= std::chrono::steady_clock::now()) {
    due_ = time_point::max();  // curl names the next one during the call.
    curl_multi_socket_action(multi(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

}  // namespace libagent
