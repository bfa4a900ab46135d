#pragma once

#include "libagent/adapters/asio_net.hpp"
#include "libagent/adapters/net_operation.hpp"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

namespace libagent {

/// The thread of an `async_net`: its event loop and all that waits on it.
///
/// Thread safety: `start`, `post_cancel` and `stop` from any thread, the rest on the thread in
/// `run`.
class asio_net_loop : public std::enable_shared_from_this<asio_net_loop> {
public:
  explicit asio_net_loop(const async_net_options& options);

  /// Serves until `stop`; then everything that was started has been answered.
  void run();
  void stop();

  /// Takes up `operation` soon; after the end of `run`, answers it at once.
  void start(const std::shared_ptr<net_operation>& operation);
  void post_cancel(std::weak_ptr<net_operation> operation);

  // For the operations of this loop:
  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  [[nodiscard]] boost::asio::ip::tcp::resolver& resolver() { return resolver_; }

  /// What is received goes through here, so that one that waits needs no buffer of its own.
  [[nodiscard]] std::array<char, 64U << 10U>& read_buffer() { return read_buffer_; }

  void forget(net_operation::list::iterator position);

private:
  /// Something from another thread: an operation to begin, or one to cancel.
  struct order {
    std::shared_ptr<net_operation> begun;
    std::weak_ptr<net_operation> cancelled;
  };

  /// False when nothing is taken any more.
  bool post(order asked);
  void run_orders();
  void carry_out(const order& asked);
  void begin(const std::shared_ptr<net_operation>& operation);
  void end_all();

  const async_net_options options_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open_{
      context_.get_executor()};
  boost::asio::ip::tcp::resolver resolver_{context_};
  std::mutex orders_mutex_;
  std::deque<order> orders_;
  bool is_closed_ = false;   ///< Guarded by the mutex: nobody will look at the orders.
  std::deque<order> taken_;  ///< Moved over from `orders_`, not carried out yet.
  net_operation::list under_way_;
  std::size_t exchanges_ = 0;
  std::size_t waits_ = 0;
  bool stopping_ = false;
  std::array<char, 64U << 10U> read_buffer_{};
};

}  // namespace libagent
