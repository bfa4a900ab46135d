#include "apps/lab/isolation_http.hpp"

#include "actors/http_api.hpp"
#include "apps/lab/isolation_threads.hpp"
#include "libagent/adapters/http_server.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
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

/// The value of Content-Length; nothing when there is none.
std::optional<std::size_t> body_length(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-length:";
  const auto found = std::ranges::search(
      head, name, {}, [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (found.empty())
    return std::nullopt;
  auto value = std::string_view{found.end(), head.end()};
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  std::size_t length = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
  return read.ec == std::errc{} ? std::optional{length} : std::nullopt;
}

}  // namespace

expected<std::unique_ptr<contestant>> make_http_pools(const bench_sizes& sizes, ranking ranks) {
  auto pools = std::make_unique<pools_contestant>(sizes, pools_contestant::pools::two, ranks);
  auto handler = std::make_shared<pool_handler>(*pools);
  return open_http(std::make_unique<http_contestant>(std::move(pools), std::move(handler)), ranks);
}

expected<std::unique_ptr<contestant>> make_http_node(const bench_sizes& sizes, node_setup setup) {
  const auto ranks = setup.ranks;
  const auto tools = setup.tools;
  auto inside = node_contestant::start(sizes, std::move(setup));
  if (!inside)
    return inside.error();
  auto handler = std::make_shared<actors::http_api>((*inside)->node().system(), tools,
                                                    std::vector<agent_info>{});
  return open_http(std::make_unique<http_contestant>(*std::move(inside), std::move(handler)),
                   ranks);
}

wire_answer read_http_answer(std::string_view received) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == std::string_view::npos)
    return wire_answer::incomplete;
  const auto head = received.substr(0, head_end);
  const auto length = body_length(head);
  if (!length)
    return wire_answer::bad;
  if (received.size() < head_end + 4 + *length)
    return wire_answer::incomplete;
  return head.starts_with("HTTP/1.1 200 ") ? wire_answer::good : wire_answer::bad;
}

}  // namespace libagent::lab
