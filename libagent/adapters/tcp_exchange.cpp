#include "libagent/adapters/tcp_exchange.hpp"

#include "libagent/adapters/asio_net_loop.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

namespace libagent {

namespace {

namespace net = boost::asio;
using net::ip::tcp;

bool is_for_later(const boost::system::error_code& failure) {
  return failure == net::error::would_block || failure == net::error::try_again ||
         failure == net::error::interrupted;
}

/// Running out of descriptors is a matter of load, not of the other side.
errc code_of(const boost::system::error_code& failure) {
  using boost::system::errc::too_many_files_open;
  using boost::system::errc::too_many_files_open_in_system;
  const bool is_full = failure == too_many_files_open || failure == too_many_files_open_in_system ||
                       failure == net::error::no_buffer_space || failure == net::error::no_memory;
  return is_full ? errc::overloaded : errc::unavailable;
}

}  // namespace

tcp_exchange::tcp_exchange(asio_net_loop& loop, tcp_call call, async_net::exchange_done done)
    : net_operation{loop, kind::exchange, call.stop},
      call_{std::move(call)},
      done_{std::move(done)},
      socket_{loop.context()} {
  call_.stop = {};
}

std::string tcp_exchange::name() const {
  const bool has_colon = call_.host.find(':') != std::string::npos;
  const auto host = has_colon ? "[" + call_.host + "]" : call_.host;
  return "ask " + host + ":" + std::to_string(call_.port);
}

std::string tcp_exchange::problem() const {
  if (call_.host.empty())
    return "the host is missing";
  if (call_.port == 0)
    return "the port is missing";
  if (call_.bytes_max == 0)
    return "bytes_max is 0, it must be at least 1";
  if (std::max(call_.response_bytes, call_.response_until.size()) > call_.bytes_max) {
    return "the answer cannot end within its " + std::to_string(call_.bytes_max) +
           " bytes, because its end is set beyond them";
  }
  return {};
}

void tcp_exchange::start() {
  if (const auto wrong = problem(); !wrong.empty())
    return fail(errc::invalid_argument, wrong);
  if (call_.deadline <= std::chrono::steady_clock::now())
    return on_time();
  if (call_.deadline != time_point::max())
    set_timer(call_.deadline);
  boost::system::error_code is_name;
  const auto address = net::ip::make_address(call_.host, is_name);
  if (is_name) {
    look_up();
  } else {
    connect(tcp::endpoint{address, call_.port});
  }
}

void tcp_exchange::on_time() {
  fail(errc::deadline_exceeded,
       "no full answer by the deadline, received " + std::to_string(answer_.size()) + " bytes");
}

void tcp_exchange::look_up() {
  loop().resolver().async_resolve(
      call_.host, std::to_string(call_.port),
      [this, self = shared_from_this()](const auto& failure, const lookup& found) {
        if (has_ended())
          return;
        if (failure) {
          fail(code_of(failure), "look up the host: " + failure.message());
        } else {
          connect(found);
        }
      });
}

void tcp_exchange::connect(const tcp::endpoint& to) {
  boost::system::error_code failure;
  socket_.open(to.protocol(), failure);
  if (!failure)
    socket_.non_blocking(true, failure);
  // The request, sent at once, acknowledges the connection too: a packet less of its own.
  const int off = 0;
  if (!failure && !call_.request.empty())
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
  if (!failure &&
      ::connect(socket_.native_handle(), to.data(), static_cast<socklen_t>(to.size())) != 0 &&
      errno != EINPROGRESS)
    failure = {errno, boost::system::system_category()};
  if (failure) {
    connected(failure);
  } else if (call_.request.empty()) {
    wait_for_connection();
  } else {
    send();  // Within one machine the connection mostly stands by now.
  }
}

void tcp_exchange::wait_for_connection() {
  socket_.async_wait(tcp::socket::wait_write, [this, self = shared_from_this()](const auto&) {
    int number = 0;
    socklen_t size = sizeof number;
    if (!has_ended() &&
        ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &number, &size) != 0)
      number = errno;
    connected({number, boost::system::system_category()});
  });
}

void tcp_exchange::connect(const lookup& found) {
  net::async_connect(
      socket_, found,
      [this, self = shared_from_this()](const auto& failure, const auto&) { connected(failure); });
}

void tcp_exchange::connected(const boost::system::error_code& failure) {
  if (has_ended())
    return;
  if (failure)
    return fail(code_of(failure), "connect: " + failure.message());
  is_connected_ = true;
  boost::system::error_code problem;
  socket_.non_blocking(true, problem);
  if (problem)
    return fail(errc::unavailable, "connect: " + problem.message());
  send();
}

void tcp_exchange::send() {
  while (sent_ < call_.request.size()) {
    boost::system::error_code failure;
    sent_ += socket_.write_some(
        net::buffer(call_.request.data() + sent_, call_.request.size() - sent_), failure);
    if (is_for_later(failure)) {
      if (!is_connected_)
        return wait_for_connection();
      socket_.async_wait(tcp::socket::wait_write, [this, self = shared_from_this()](const auto&) {
        if (!has_ended())
          send();
      });
      return;
    }
    if (failure) {
      return fail(errc::unavailable, (is_connected_ ? "send: " : "connect: ") + failure.message());
    }
    is_connected_ = true;
  }
  call_.request = std::string{};
  wait_for_answer();
}

void tcp_exchange::wait_for_answer() {
  socket_.async_wait(tcp::socket::wait_read, [this, self = shared_from_this()](const auto&) {
    if (!has_ended())
      receive();
  });
}

void tcp_exchange::receive() {
  auto& buffer = loop().read_buffer();
  boost::system::error_code failure;
  const auto count = socket_.read_some(net::buffer(buffer), failure);
  if (failure == net::error::eof)
    return server_closed();
  if (failure && !is_for_later(failure)) {
    return fail(errc::unavailable, "receive: " + failure.message() + ", after " +
                                       std::to_string(answer_.size()) + " bytes");
  }
  take({buffer.data(), count});
  if (!has_ended())
    wait_for_answer();
}

void tcp_exchange::take(std::string_view bytes) {
  const auto before = answer_.size();
  // One byte too many is enough to know that it is too long.
  answer_ += bytes.substr(0, std::max(call_.bytes_max, call_.bytes_max + 1) - before);
  const auto end = end_of_answer(before);
  if (end != std::string::npos && end <= call_.bytes_max) {
    answer_.resize(end);
    finish();
  } else if (answer_.size() > call_.bytes_max) {
    fail(errc::too_large,
         "the answer has more than the allowed " + std::to_string(call_.bytes_max) + " bytes");
  }
}

std::size_t tcp_exchange::end_of_answer(std::size_t before) const {
  auto end = std::string::npos;
  if (!call_.response_until.empty()) {
    const auto overlap = call_.response_until.size() - 1;
    const auto found = answer_.find(call_.response_until, before - std::min(before, overlap));
    if (found != std::string::npos)
      end = found + call_.response_until.size();
  }
  if (call_.response_bytes > 0 && answer_.size() >= call_.response_bytes)
    end = std::min(end, call_.response_bytes);
  return end;
}

void tcp_exchange::server_closed() {
  if (ends_by_close())
    return finish();
  fail(errc::unavailable, "the server closed before the end of the answer, after " +
                              std::to_string(answer_.size()) + " bytes");
}

void tcp_exchange::finish() {
  if (end())
    std::exchange(done_, {})(std::move(answer_));
}

void tcp_exchange::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void tcp_exchange::answer_error(error why) {
  std::exchange(done_, {})(std::move(why));
}

}  // namespace libagent
