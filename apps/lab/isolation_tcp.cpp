#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/isolation_threads.hpp"
#include "apps/lab/loopback_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace libagent::lab {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t connections_max = 512;
constexpr std::size_t connections_at_first = 16;
constexpr std::chrono::seconds silence_max{10};

/// A connection and the request that it waits for the answer of.
class player_connection {
public:
  explicit player_connection(owned_descriptor socket) : socket_{std::move(socket)} {}

  [[nodiscard]] int descriptor() const { return socket_.get(); }

  [[nodiscard]] std::size_t asked() const { return asked_; }

  [[nodiscard]] bool ask(const std::string& request, std::size_t index) {
    asked_ = index;
    received_.clear();
    return send_at_once(socket_, request);
  }

  /// Takes what has come.
  [[nodiscard]] wire_answer take(answer_reader read) {
    std::array<char, 4096> piece{};
    const auto count = ::recv(descriptor(), piece.data(), piece.size(), 0);
    if (count <= 0)
      return wire_answer::bad;
    received_.append(piece.data(), static_cast<std::size_t>(count));
    return read(received_);
  }

private:
  owned_descriptor socket_;
  std::string received_;
  std::size_t asked_ = 0;
};

class tcp_player {
public:
  tcp_player(answer_board& board, std::uint16_t port, const std::string& request,
             answer_reader read)
      : board_{board}, port_{port}, request_{request}, read_{read} {}

  expected<void> run() {
    for (std::size_t i = 0; i < connections_at_first; ++i) {
      if (!connect())
        return failed("connect to the server");
    }
    board_.start();
    last_news_ = clock::now();
    while (next_ < board_.size() || !busy_.empty()) {
      if (!send_due())
        return failed("send a request");
      if (!wait_for_answers())
        return {};  // The board tells who was not answered.
    }
    return {};
  }

private:
  static error failed(const std::string& what) {
    return {errc::io_failed, what + ": " + std::generic_category().message(errno)};
  }

  bool connect() {
    auto opened = connect_loopback(port_);
    const bool is_open = opened.is_open();
    if (is_open)
      free_.emplace_back(std::move(opened));
    return is_open;
  }

  bool send_due() {
    while (next_ < board_.size() && board_.due(next_) <= clock::now()) {
      if (free_.empty() && (busy_.size() >= connections_max || !connect()))
        return !busy_.empty();  // It waits for a connection; its time counts already.
      busy_.push_back(std::move(free_.back()));
      free_.pop_back();
      if (!busy_.back().ask(request_, next_++))
        return false;
      last_news_ = clock::now();
    }
    return true;
  }

  /// Waits until the next request is due, or for answers; false: there was silence for long.
  bool wait_for_answers() {
    waiting_.clear();
    for (const auto& one : busy_)
      waiting_.push_back({.fd = one.descriptor(), .events = POLLIN, .revents = 0});
    const auto now = clock::now();
    const bool is_full = free_.empty() && busy_.size() >= connections_max;
    const auto until =
        next_ < board_.size() && !is_full ? board_.due(next_) : last_news_ + silence_max;
    const auto left = std::max<std::int64_t>(0, std::chrono::nanoseconds{until - now}.count());
    const timespec patience{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    if (::ppoll(waiting_.data(), waiting_.size(), &patience, nullptr) > 0)
      take_answers();
    return clock::now() - last_news_ < silence_max;
  }

  void take_answers() {
    for (auto i = waiting_.size(); i-- > 0;) {
      if (waiting_[i].revents == 0)
        continue;
      const auto answer = busy_[i].take(read_);
      if (answer == wire_answer::incomplete)
        continue;
      last_news_ = clock::now();
      board_.answer(busy_[i].asked(), answer == wire_answer::good);
      release(i);
    }
  }

  /// The last one takes the freed place; `take_answers` goes backwards, so it was looked at before.
  void release(std::size_t at) {
    std::swap(busy_[at], busy_.back());
    free_.push_back(std::move(busy_.back()));
    busy_.pop_back();
  }

  answer_board& board_;
  std::uint16_t port_;
  const std::string& request_;
  answer_reader read_;
  std::size_t next_ = 0;
  clock::time_point last_news_;
  std::vector<player_connection> free_;
  std::vector<player_connection> busy_;
  std::vector<pollfd> waiting_;
};

}  // namespace

expected<void> play_over_tcp(answer_board& board, std::uint16_t port, const std::string& request,
                             answer_reader read) {
  expected<void> outcome;
  run_as_sender([&] { outcome = tcp_player{board, port, request, read}.run(); });
  return outcome;
}

}  // namespace libagent::lab
