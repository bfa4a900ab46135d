#pragma once

#include "apps/lab/models/stub_routes.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace libagent::lab {

/// What the connections of a stub server share; on its one thread.
struct stub_shared {
  stub_routes routes;
  stub_counts counts;
};

/// One client of a stub server: a request, its answer piece by piece, the next request.
///
/// The socket is always being read, so that a client that leaves is noticed at once.
/// Thread safety: none. Keeps itself alive while something is under way.
class stub_connection : public std::enable_shared_from_this<stub_connection> {
public:
  stub_connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<stub_shared> shared);
  stub_connection(const stub_connection&) = delete;
  stub_connection& operator=(const stub_connection&) = delete;
  ~stub_connection();

  void open();

private:
  using failure = boost::system::error_code;

  void read();
  void take(const failure& failed, std::size_t count);
  void answer_next();
  void begin(const stub_reply& reply);
  void advance();
  void write();
  void finish();
  void close();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<stub_shared> shared_;
  std::string input_;
  std::size_t input_used_ = 0;
  std::size_t input_size_ = 0;
  std::vector<stub_piece> pieces_;             // of the answer under way
  std::size_t next_ = 0;                       // of them
  std::size_t written_ = 0;                    // of that piece
  std::chrono::steady_clock::time_point due_;  // of that piece
  stub_ending ending_ = stub_ending::keeps;
  bool busy_ = false;
};

}  // namespace libagent::lab
