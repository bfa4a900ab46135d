#include "apps/lab/tcp_proxy.hpp"

#include "apps/lab/io_socket.hpp"
#include "libagent/base/contract.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

namespace {

using proxy_clock = std::chrono::steady_clock;

constexpr std::size_t unlimited_bytes = static_cast<std::size_t>(-1);

/// Listens on a free port, which is stored in `port`; not open when that fails.
owned_descriptor listen_on_loopback(std::uint16_t& port) {
  owned_descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), plain, size) != 0 || ::listen(listener.get(), 1024) != 0 ||
      ::getsockname(listener.get(), plain, &size) != 0)
    return {};
  port = ntohs(address.sin_port);
  return listener;
}

void send_without_delay(const owned_descriptor& socket) {
  const int on = 1;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

expected<std::unique_ptr<tcp_proxy>> tcp_proxy::start(std::uint16_t server_port) {
  std::uint16_t port = 0;
  auto listener = listen_on_loopback(port);
  if (!listener.is_open())
    return system_error_of("listen as a proxy");
  owned_descriptor bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!bell.is_open())
    return system_error_of("make an eventfd");
  // The constructor is private, so make_unique cannot reach it.
  return std::unique_ptr<tcp_proxy>{
      new tcp_proxy{std::move(listener), std::move(bell), port, server_port}};
}

tcp_proxy::tcp_proxy(owned_descriptor listener, owned_descriptor bell, std::uint16_t port,
                     std::uint16_t server_port)
    : listener_{std::move(listener)},
      bell_{std::move(bell)},
      port_{port},
      ordered_{.server_port = server_port},
      current_{.server_port = server_port},
      thread_{[this] { run(); }} {}

tcp_proxy::~tcp_proxy() {
  order([](orders& next) { next.is_ended = true; });
  thread_.join();
}

void tcp_proxy::set_mode(proxy_mode mode, trickle_rate rate) {
  LIBAGENT_EXPECTS(rate.bytes > 0 && rate.interval.count() > 0);
  order([=](orders& next) {
    next.mode = mode;
    next.rate = rate;
  });
}

void tcp_proxy::set_server_port(std::uint16_t port) {
  order([=](orders& next) { next.server_port = port; });
}

proxy_counts tcp_proxy::counts() const {
  const std::scoped_lock held{lock_};
  return counts_;
}

template <class Change>
void tcp_proxy::order(Change change) {
  std::unique_lock held{lock_};
  change(ordered_);
  const auto number = ++orders_given_;
  const std::uint64_t one = 1;
  (void)!::write(bell_.get(), &one, sizeof one);
  taken_.wait(held, [&] { return orders_taken_ >= number; });
}

void tcp_proxy::run() {
  while (take_orders()) {
    wait_for_events();
    refill(proxy_clock::now());
    accept_all();
    pump_all();
  }
}

/// Returns whether to go on.
bool tcp_proxy::take_orders() {
  const std::scoped_lock held{lock_};
  if (orders_taken_ != orders_given_) {
    const auto former = std::exchange(current_, ordered_).mode;
    enter_mode(former);
    orders_taken_ = orders_given_;
    taken_.notify_all();
  }
  counts_.open = links_.size();
  return !current_.is_ended;
}

void tcp_proxy::enter_mode(proxy_mode former) {
  next_refill_ = {};
  for (auto& link : links_) {
    link.set_budget(current_.mode == proxy_mode::trickle ? 0 : unlimited_bytes);
    if (current_.mode == proxy_mode::half_open)
      link.close_server();
  }
  const bool are_cut = current_.mode == proxy_mode::cut;
  const bool were_half_open =
      former == proxy_mode::half_open && current_.mode != proxy_mode::half_open;
  std::erase_if(links_, [=](proxy_link& link) {
    const bool ends = are_cut || (were_half_open && !link.has_server());
    if (ends)
      link.reset();
    return ends;
  });
}

void tcp_proxy::wait_for_events() {
  polled_.clear();
  polled_.push_back({.fd = bell_.get(), .events = POLLIN, .revents = 0});
  polled_.push_back({.fd = listener_.get(), .events = POLLIN, .revents = 0});
  for (const auto& link : links_) {
    polled_.push_back(link.wanted_of_client(current_.mode));
    polled_.push_back(link.wanted_of_server(current_.mode));
  }
  const bool is_refilled = current_.mode == proxy_mode::trickle && !links_.empty();
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_refill_ - proxy_clock::now());
  const auto timeout = is_refilled ? std::clamp<std::int64_t>(left.count(), 0, 60'000) : -1;
  (void)::poll(polled_.data(), polled_.size(), static_cast<int>(timeout));
  std::uint64_t rings = 0;
  (void)!::read(bell_.get(), &rings, sizeof rings);
}

void tcp_proxy::refill(time_point now) {
  if (current_.mode != proxy_mode::trickle || now < next_refill_)
    return;
  for (auto& link : links_)
    link.set_budget(current_.rate.bytes);
  next_refill_ = now + current_.rate.interval;
}

/// Not open when the mode or the server does not allow it.
owned_descriptor tcp_proxy::reach_server() const {
  if (current_.mode == proxy_mode::half_open || current_.mode == proxy_mode::cut)
    return {};
  auto made = connect_to(current_.server_port, SOCK_NONBLOCK);
  if (!made)
    return {};
  send_without_delay(*made);
  // connect_to leaves the last step of the handshake to the first bytes, which may never come.
  const int on = 1;
  (void)::setsockopt(made->get(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  return *std::move(made);
}

void tcp_proxy::accept_all() {
  for (;;) {
    owned_descriptor client{
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!client.is_open())
      return;
    send_without_delay(client);
    proxy_link link{std::move(client), reach_server()};
    {
      const std::scoped_lock held{lock_};
      ++counts_.accepted;
    }
    if (link.has_server() || current_.mode == proxy_mode::half_open) {
      link.set_budget(current_.mode == proxy_mode::trickle ? current_.rate.bytes : unlimited_bytes);
      links_.push_back(std::move(link));
    } else {
      link.reset();
    }
  }
}

void tcp_proxy::pump_all() {
  std::erase_if(links_, [this](proxy_link& link) { return !link.pump(current_.mode); });
}

}  // namespace libagent::lab
