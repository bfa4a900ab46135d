#include "apps/lab/isolation_http.hpp"

#include "actors/http_api.hpp"
#include "apps/lab/isolation_threads.hpp"
#include "apps/lab/wire_answers.hpp"
#include "libagent/adapters/http_server.hpp"

#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

std::string short_request() {
  const std::string body = R"({"tool":"short","wait":true})";
  return "POST /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Answers any request with the short task, run on the pool.
class pool_handler final : public http_handler {
public:
  explicit pool_handler(pools_contestant& pools) : pools_{pools} {}

  void handle(http_exchange_ptr exchange) override {
    pools_.post_short([exchange = std::move(exchange)](bool good) {
      exchange->respond(json_response(good ? 200 : 500, R"({"ok":true})"));
    });
  }

private:
  pools_contestant& pools_;
};

/// A contestant whose short tasks come over HTTP; long ones come from inside.
class http_contestant final : public contestant {
public:
  /// `inside` must be what `handler` answers with.
  http_contestant(std::unique_ptr<contestant> inside, std::shared_ptr<http_handler> handler)
      : inside_{std::move(inside)}, server_{make_http_server({.port = 0}, std::move(handler))} {}

  http_contestant(const http_contestant&) = delete;
  http_contestant& operator=(const http_contestant&) = delete;

  ~http_contestant() override { server_->stop(std::chrono::milliseconds{0}); }

  expected<void> open(ranking ranks) {
    expected<std::uint16_t> port = error{errc::internal, "not started"};
    // Its I/O thread inherits the scheduling of the thread that starts it.
    run_on_thread(ranks == ranking::fifo, [&] { port = server_->start(); });
    if (!port)
      return port.error();
    port_ = *port;
    return {};
  }

  expected<void> start_long() override { return inside_->start_long(); }

  expected<void> stop_long() override { return inside_->stop_long(); }

  [[nodiscard]] double long_tasks_done() override { return inside_->long_tasks_done(); }

  expected<void> play(const answer_board_ptr& board) override {
    return play_over_tcp(*board, port_, short_request(), read_http_answer);
  }

private:
  std::unique_ptr<contestant> inside_;
  std::unique_ptr<http_server> server_;
  std::uint16_t port_ = 0;
};

expected<std::unique_ptr<contestant>> open_http(std::unique_ptr<http_contestant> made,
                                                ranking ranks) {
  if (const auto opened = made->open(ranks); !opened)
    return opened.error();
  return std::unique_ptr<contestant>{std::move(made)};
}

}  // namespace

expected<std::unique_ptr<contestant>> make_http_pools(const bench_sizes& sizes, ranking ranks) {
  auto pools = std::make_unique<pools_contestant>(sizes, pools_contestant::pools::two, ranks);
  auto handler = std::make_shared<pool_handler>(*pools);
  return open_http(std::make_unique<http_contestant>(std::move(pools), std::move(handler)), ranks);
}

expected<std::unique_ptr<contestant>> make_http_node(const bench_sizes& sizes,
                                                     const node_setup& setup) {
  const auto ranks = setup.ranks;
  const auto tools = setup.tools;
  auto inside = node_contestant::start(sizes, setup);
  if (!inside)
    return inside.error();
  auto handler = std::make_shared<actors::http_api>((*inside)->node().system(), tools,
                                                    std::vector<agent_info>{});
  return open_http(std::make_unique<http_contestant>(*std::move(inside), std::move(handler)),
                   ranks);
}

}  // namespace libagent::lab
