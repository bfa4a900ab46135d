#include "apps/lab/models/stub_server.hpp"

#include "apps/lab/models/stub_connection.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <future>
#include <iostream>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

class stub_server::core {
public:
  explicit core(const stub_options& options)
      : shared_{std::make_shared<stub_shared>(stub_shared{.routes = stub_routes{options}})} {}

  core(const core&) = delete;
  core& operator=(const core&) = delete;

  ~core() {
    context_.stop();
    if (thread_.joinable())
      thread_.join();
  }

  expected<void> listen(std::uint16_t port) {
    using boost::asio::ip::tcp;
    boost::system::error_code failed;
    const tcp::endpoint where{boost::asio::ip::address_v4::loopback(), port};
    if (acceptor_.open(where.protocol(), failed) ||
        acceptor_.set_option(tcp::acceptor::reuse_address{true}, failed) ||
        acceptor_.bind(where, failed) || acceptor_.listen(4'096, failed))
      return error{errc::io_failed, "listen on 127.0.0.1: " + failed.message()};
    port_ = acceptor_.local_endpoint(failed).port();
    accept();
    return {};
  }

  void run_on_thread() {
    thread_ = std::thread{[this] { context_.run(); }};
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] stub_counts counts() {
    std::promise<stub_counts> told;
    boost::asio::post(context_, [&] { told.set_value(shared_->counts); });
    return told.get_future().get();
  }

private:
  void accept() {
    acceptor_.async_accept(
        [this](const boost::system::error_code& failed, boost::asio::ip::tcp::socket socket) {
          if (!failed)
            std::make_shared<stub_connection>(std::move(socket), shared_)->open();
          accept();
        });
  }

  std::shared_ptr<stub_shared> shared_;
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{context_};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

stub_server::stub_server(std::unique_ptr<core> inside) : core_{std::move(inside)} {}

stub_server::~stub_server() = default;

expected<std::unique_ptr<stub_server>> stub_server::start(const stub_options& options) {
  auto inside = std::make_unique<core>(options);
  if (const auto listens = inside->listen(options.port); !listens)
    return listens.error();
  inside->run_on_thread();
  return std::unique_ptr<stub_server>{new stub_server{std::move(inside)}};
}

std::uint16_t stub_server::port() const {
  return core_->port();
}

stub_counts stub_server::counts() const {
  return core_->counts();
}

int run_model_server(const stub_options& options) {
  if (options.port == 0)
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);  // Somebody started it for an experiment.
  const auto server = stub_server::start(options);
  if (!server) {
    std::cerr << "agent-lab: " << to_string(server.error()) << '\n';
    return 1;
  }
  const nlohmann::ordered_json ready{
      {"event", "ready"},
      {"pid", ::getpid()},
      {"http", "http://127.0.0.1:" + std::to_string((*server)->port())}};
  std::cout << ready.dump() << '\n' << std::flush;
  for (;;)
    (void)::pause();
}

}  // namespace libagent::lab
