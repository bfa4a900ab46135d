#pragma once

#include "libagent/base/time.hpp"
#include "libagent/ports/http_server.hpp"

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace libagent {

class http_connection;

/// What the threads of one server share.
struct http_server_core {
  http_server_core(http_options chosen, std::shared_ptr<http_handler> answers)
      : options{std::move(chosen)}, handler{std::move(answers)} {}

  [[nodiscard]] http_server_stats stats() const;
  void report(const error& problem) const;
  void connection_closed();
  /// Returns early when no connection is open any more.
  void wait_until_none_open(std::chrono::milliseconds longest);

  const http_options options;
  const std::shared_ptr<http_handler> handler;
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> streams_dropped{0};

private:
  std::mutex mutex_;
  std::condition_variable none_open_;
};

/// One I/O thread: its event loop, its listening socket and its connections.
///
/// Thread safety: `post...` and `runs_here` from any thread, the rest on the thread in `run` (or
/// before it). Lives as long as the last exchange that may post to it.
class http_loop : public std::enable_shared_from_this<http_loop> {
public:
  using connection_list = std::list<std::shared_ptr<http_connection>>;

  explicit http_loop(std::shared_ptr<http_server_core> core);
  ~http_loop();
  http_loop(const http_loop&) = delete;
  http_loop& operator=(const http_loop&) = delete;

  /// Takes over a listening socket.
  void listen(int descriptor, int family);
  /// Serves until `post_stop`.
  void run();
  void post_drain();
  void post_stop();

  /// Runs `action` soon on the loop's thread. Actions run in the order of the calls, whichever
  /// threads they come from. After the end of `run` they are kept, but not run.
  void post(std::function<void()> action);

  [[nodiscard]] bool runs_here() { return context_.get_executor().running_in_this_thread(); }

  [[nodiscard]] static time_point now() { return std::chrono::steady_clock::now(); }

  // For connections of this loop:
  [[nodiscard]] http_server_core& core() { return *core_; }

  [[nodiscard]] bool is_draining() const { return draining_; }

  [[nodiscard]] std::array<char, 64U << 10U>& read_buffer() { return read_buffer_; }

  /// The Date field; a second old at most, like the sweep that renews it.
  [[nodiscard]] const std::string& date() const { return date_; }

  void forget(connection_list::iterator position, bool was_refused);

private:
  void run_posted();
  void wait_for_connections();
  void accept_some();
  /// Whether to go on accepting.
  bool accept_one();
  void admit(boost::asio::ip::tcp::socket socket, std::string address);
  void wait_for_sweep();
  void sweep();
  template <class Visit>
  void for_each_connection(Visit visit);
  void drain();
  void close_everything();

  std::shared_ptr<http_server_core> core_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{context_};
  boost::asio::steady_timer sweep_timer_{context_};
  connection_list connections_;
  std::size_t refused_now_ = 0;
  bool accept_paused_ = false;
  bool draining_ = false;
  bool stopping_ = false;
  std::string date_;
  std::array<char, 64U << 10U> read_buffer_{};
};

}  // namespace libagent
