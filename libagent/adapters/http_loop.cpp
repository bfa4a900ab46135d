#include "libagent/adapters/http_loop.hpp"

#include "libagent/adapters/http_connection.hpp"
#include "libagent/http/wire.hpp"

#include <arpa/inet.h>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace libagent {

namespace {

namespace net = boost::asio;

// So that a flood of connections does not keep the thread from those it has.
constexpr int accepts_at_once = 64;

// A refused connection stays until its 503 is read. More than these are closed without a word.
constexpr std::size_t refused_at_once_max = 64;

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* from = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.ss_family == AF_INET6)
    from = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  const auto* result = ::inet_ntop(address.ss_family, from, text.data(), text.size());
  return result == nullptr ? std::string{} : std::string{result};
}

std::string current_http_date() {
  using namespace std::chrono;
  return http_date(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

template <class Visit>
void http_loop::for_each_connection(Visit visit) {
  // A visit may close connections, also others by way of a callback, which changes the list.
  const std::vector<std::shared_ptr<http_connection>> present{connections_.begin(),
                                                              connections_.end()};
  for (const auto& connection : present)
    visit(*connection);
}

http_server_stats http_server_core::stats() const {
  return {.connections_open = open,
          .connections_accepted = accepted,
          .connections_refused = refused,
          .requests = requests,
          .bad_requests = bad_requests,
          .streams_dropped = streams_dropped};
}

void http_server_core::report(const error& problem) const {
  if (options.on_problem)
    options.on_problem(problem);
}

void http_server_core::connection_closed() {
  if (open.fetch_sub(1) != 1)
    return;
  const std::lock_guard guard{mutex_};
  none_open_.notify_all();
}

void http_server_core::wait_until_none_open(std::chrono::milliseconds longest) {
  std::unique_lock guard{mutex_};
  none_open_.wait_for(guard, longest, [this] { return open == 0; });
}

http_loop::http_loop(std::shared_ptr<http_server_core> core) : core_{std::move(core)} {}

http_loop::~http_loop() = default;

void http_loop::listen(int descriptor, int family) {
  acceptor_.assign(family == AF_INET6 ? net::ip::tcp::v6() : net::ip::tcp::v4(), descriptor);
}

void http_loop::run() {
  date_ = current_http_date();
  wait_for_connections();
  wait_for_sweep();
  context_.run();
}

void http_loop::post_drain() {
  post([this] { drain(); });
}

void http_loop::post_stop() {
  post([this] { close_everything(); });
}

void http_loop::post(std::function<void()> action) {
  // Asio alone would not do: what the loop's own thread posts goes into a private queue first, so
  // that a piece written by another thread could overtake the head of its stream.
  const std::lock_guard guard{posted_mutex_};
  posted_.push_back(std::move(action));
  if (posted_.size() == 1)
    net::post(context_, [this] { run_posted(); });
}

void http_loop::run_posted() {
  std::vector<std::function<void()>> actions;
  {
    const std::lock_guard guard{posted_mutex_};
    actions.swap(posted_);
  }
  for (const auto& action : actions)
    action();
}

void http_loop::forget(connection_list::iterator position, bool was_refused) {
  connections_.erase(position);
  if (was_refused) {
    --refused_now_;
  } else {
    core_->connection_closed();
  }
}

void http_loop::wait_for_connections() {
  acceptor_.async_wait(net::ip::tcp::acceptor::wait_read, [this](const auto& failure) {
    if (!failure)
      accept_some();
  });
}

void http_loop::accept_some() {
  if (!acceptor_.is_open())
    return;
  for (int left = accepts_at_once; left > 0; --left) {
    if (!accept_one())
      break;
  }
  if (!accept_paused_)
    wait_for_connections();
}

bool http_loop::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int descriptor = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                                   &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) {
    const int number = errno;
    if (number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM) {
      // The connection stays in the queue, so the socket stays readable: the next sweep tries
      // again, since waiting for it would spin.
      accept_paused_ = true;
      core_->report(
          {errc::overloaded, "accept a connection: " + std::generic_category().message(number) +
                                 ", trying again later"});
      return false;
    }
    return number == EINTR || number == ECONNABORTED;
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  net::ip::tcp::socket socket{context_};
  boost::system::error_code failure;
  socket.assign(address.ss_family == AF_INET6 ? net::ip::tcp::v6() : net::ip::tcp::v4(), descriptor,
                failure);
  if (failure) {
    ::close(descriptor);
    return true;
  }
  socket.non_blocking(true, failure);
  admit(std::move(socket), address_text(address));
  return true;
}

void http_loop::admit(net::ip::tcp::socket socket, std::string address) {
  const bool full = core_->open.fetch_add(1) >= core_->options.connections_max;
  if (full) {
    core_->connection_closed();
    core_->refused.fetch_add(1);
    if (refused_now_ == refused_at_once_max)
      return;
    ++refused_now_;
  } else {
    core_->accepted.fetch_add(1);
  }
  connections_.push_back(
      std::make_shared<http_connection>(*this, std::move(socket), std::move(address), full));
  connections_.back()->open(std::prev(connections_.end()));
}

void http_loop::wait_for_sweep() {
  sweep_timer_.expires_after(core_->options.sweep_interval);
  sweep_timer_.async_wait([this](const auto& failure) {
    if (failure || stopping_)
      return;
    sweep();
    wait_for_sweep();
  });
}

void http_loop::sweep() {
  date_ = current_http_date();
  for_each_connection([at = now()](http_connection& connection) { connection.sweep(at); });
  if (std::exchange(accept_paused_, false))
    accept_some();
}

void http_loop::drain() {
  if (std::exchange(draining_, true))
    return;
  // Who is in the kernel's queue has connected already and would otherwise see a reset.
  while (acceptor_.is_open() && accept_one()) {
  }
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for_each_connection([](http_connection& connection) { connection.drain(); });
}

void http_loop::close_everything() {
  drain();
  stopping_ = true;
  sweep_timer_.cancel();
  for_each_connection([](http_connection& connection) { connection.close(); });
}

}  // namespace libagent
