#pragma once

#include "libagent/ports/http_server.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace libagent {

class http_connection;
class http_loop;

/// The exchange that handlers hold: carries their answers to the thread of the connection.
class http_live_exchange final : public http_exchange {
public:
  http_live_exchange(std::shared_ptr<http_loop> loop, std::weak_ptr<http_connection> connection,
                     http_request request);
  http_live_exchange(const http_live_exchange&) = delete;
  http_live_exchange& operator=(const http_live_exchange&) = delete;
  ~http_live_exchange() override;

  [[nodiscard]] const http_request& request() const override { return request_; }

  void respond(http_response response) override;
  void start_stream(int status, http_headers headers) override;
  stream_write write(std::string piece) override;
  void finish() override;
  void on_disconnect(std::function<void()> callback) override;
  void on_drained(std::function<void()> callback) override;

  // For the connection, on its thread:
  /// `bytes` of the stream have left in all.
  void sent(std::size_t bytes);

  void client_gone();

private:
  enum class phase : std::uint8_t { open, streaming, dropping, answered, gone };

  template <class Action>
  void post(Action action);
  [[nodiscard]] bool advance(phase from, phase to);

  const std::shared_ptr<http_loop> loop_;  ///< Keeps the event loop that is posted to.
  const std::weak_ptr<http_connection> connection_;
  const http_request request_;
  std::atomic<std::size_t> sent_{0};
  std::atomic<bool> awaits_room_{false};  ///< Whether `drained_` is set.

  std::mutex mutex_;  ///< Guards what follows; also held while posting, which keeps the order.
  phase phase_ = phase::open;
  std::size_t accepted_ = 0;
  std::function<void()> callback_;
  std::function<void()> drained_;
};

}  // namespace libagent
