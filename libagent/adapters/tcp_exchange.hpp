#pragma once

#include "libagent/adapters/net_operation.hpp"
#include "libagent/ports/async_net.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace libagent {

/// One exchange of an `async_net`: look up, connect, send, receive, close.
///
/// Holds no buffer while it waits: only what was received so far.
class tcp_exchange final : public net_operation {
public:
  tcp_exchange(asio_net_loop& loop, tcp_call call, async_net::exchange_done done);

  [[nodiscard]] std::string name() const override;

private:
  using lookup = boost::asio::ip::tcp::resolver::results_type;

  void start() override;
  void on_time() override;
  void close() override;
  void answer_error(error why) override;

  /// What is wrong with the call; empty when nothing is.
  [[nodiscard]] std::string problem() const;
  void look_up();
  void connect(const boost::asio::ip::tcp::endpoint& to);
  void connect(const lookup& found);
  void wait_for_connection();
  void connected(const boost::system::error_code& failure);
  void send();
  void wait_for_answer();
  void receive();
  void take(std::string_view bytes);
  /// Where the answer ends in what was received, `before` of which had been looked at already;
  /// npos when it goes on.
  [[nodiscard]] std::size_t end_of_answer(std::size_t before) const;
  void server_closed();
  void finish();

  [[nodiscard]] bool ends_by_close() const {
    return call_.response_until.empty() && call_.response_bytes == 0;
  }

  tcp_call call_;
  async_net::exchange_done done_;
  boost::asio::ip::tcp::socket socket_;
  bool is_connected_ = false;
  std::size_t sent_ = 0;
  std::string answer_;
};

}  // namespace libagent
