#pragma once

#include "libagent/adapters/net_operation.hpp"
#include "libagent/ports/async_net.hpp"

namespace libagent {

/// One timer of an `async_net`.
class net_wait final : public net_operation {
public:
  net_wait(asio_net_loop& loop, duration length, std::stop_token stop, async_net::wait_done done);

  [[nodiscard]] std::string name() const override { return "wait"; }

private:
  void start() override;
  void on_time() override;

  void close() override {}

  void answer_error(error why) override;

  const time_point until_;
  async_net::wait_done done_;
};

}  // namespace libagent
