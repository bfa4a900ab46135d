#include "libagent/adapters/http_server.hpp"

#include "libagent/adapters/http_listener.hpp"
#include "libagent/adapters/http_loop.hpp"
#include "libagent/base/contract.hpp"

#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace libagent {

namespace {

class asio_http_server final : public http_server {
public:
  asio_http_server(http_options options, std::shared_ptr<http_handler> handler)
      : core_{std::make_shared<http_server_core>(std::move(options), std::move(handler))} {}

  asio_http_server(const asio_http_server&) = delete;
  asio_http_server& operator=(const asio_http_server&) = delete;

  ~asio_http_server() override { stop(std::chrono::milliseconds{0}); }

  expected<std::uint16_t> start() override {
    LIBAGENT_EXPECTS(loops_.empty());
    const auto& options = core_->options;
    auto listeners = open_http_listeners(options.host, options.port, options.io_threads);
    if (!listeners)
      return listeners.error();
    while (!listeners->descriptors.empty()) {
      loops_.push_back(std::make_shared<http_loop>(core_));
      loops_.back()->listen(listeners->descriptors.back(), listeners->family);
      listeners->descriptors.pop_back();
    }
    try {
      for (const auto& loop : loops_) {
        threads_.emplace_back([loop = loop.get(), begin = core_->options.on_thread_start] {
          if (begin)
            begin();
          loop->run();
        });
        const auto name = "http-" + std::to_string(threads_.size() - 1);
        ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
      }
    } catch (const std::system_error& failure) {
      return error{errc::io_failed, std::string{"start an I/O thread: "} + failure.what()};
    }
    return listeners->port;
  }

  void stop_accepting() override {
    for (const auto& loop : loops_)
      loop->post_drain();
  }

  void stop(std::chrono::milliseconds grace) override {
    stop_accepting();
    core_->wait_until_none_open(grace);
    for (const auto& loop : loops_)
      loop->post_stop();
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
  }

  http_server_stats stats() const override { return core_->stats(); }

private:
  std::shared_ptr<http_server_core> core_;
  std::vector<std::shared_ptr<http_loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<http_server> make_http_server(http_options options,
                                              std::shared_ptr<http_handler> handler) {
  LIBAGENT_EXPECTS(handler != nullptr);
  LIBAGENT_EXPECTS(options.io_threads > 0 && options.connections_max > 0);
  LIBAGENT_EXPECTS(options.header_bytes_max > 0 && options.body_bytes_max > 0);
  LIBAGENT_EXPECTS(options.output_bytes_max > 0);
  LIBAGENT_EXPECTS(options.request_timeout.count() > 0 && options.idle_timeout.count() > 0);
  LIBAGENT_EXPECTS(options.write_timeout.count() > 0 && options.sweep_interval.count() > 0);
  return std::make_unique<asio_http_server>(std::move(options), std::move(handler));
}

}  // namespace libagent
