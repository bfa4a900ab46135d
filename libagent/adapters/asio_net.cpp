#include "libagent/adapters/asio_net.hpp"

#include "libagent/adapters/asio_net_loop.hpp"
#include "libagent/adapters/net_wait.hpp"
#include "libagent/adapters/tcp_exchange.hpp"
#include "libagent/base/contract.hpp"

#include <pthread.h>
#include <thread>
#include <utility>

namespace libagent {

namespace {

class asio_net final : public async_net {
public:
  explicit asio_net(const async_net_options& options)
      : loop_{std::make_shared<asio_net_loop>(options)}, thread_{[loop = loop_] { loop->run(); }} {
    ::pthread_setname_np(thread_.native_handle(), "async-net");
  }

  asio_net(const asio_net&) = delete;
  asio_net& operator=(const asio_net&) = delete;

  ~asio_net() override {
    loop_->stop();
    // The last owner may be a callback. Its own thread can't be waited for, and ends by itself.
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  void exchange(tcp_call call, exchange_done done) override {
    loop_->start(std::make_shared<tcp_exchange>(*loop_, std::move(call), std::move(done)));
  }

  void wait(duration length, std::stop_token stop, wait_done done) override {
    loop_->start(std::make_shared<net_wait>(*loop_, length, std::move(stop), std::move(done)));
  }

private:
  std::shared_ptr<asio_net_loop> loop_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<async_net> make_async_net(const async_net_options& options) {
  LIBAGENT_EXPECTS(options.connections_max > 0 && options.waits_max > 0);
  return std::make_unique<asio_net>(options);
}

}  // namespace libagent
