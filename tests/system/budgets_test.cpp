#include "libagent/adapters/http_client.hpp"
#include "libagent/adapters/sqlite.hpp"

#include "tests/support/agent_program.hpp"
#include "tests/support/loopback_server.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/web_calls.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>

using namespace libagent;
using namespace libagent::testing;

namespace {

constexpr const char* client_key = "test-key-0123456789";

// The key's SHA-256, as `printf test-key-0123456789 | sha256sum` says it.
constexpr const char* keys_file = R"({"keys":[{"name":"ann","tokens_per_day":10000,
  "key_sha256":"0b026dcaf52dd2d7e8b377ed75182bfcc65497aff885b3a37dd1be1a75ca394d"}]})";

constexpr const char* plain_agent =
    R"({"name":"plain","description":"Answers.","model":"default"})";

/// Each call takes the whole budget.
constexpr const char* reply =
    R"({"id":"c1","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop",)"
    R"("message":{"role":"assistant","content":"Yes."}}],)"
    R"("usage":{"prompt_tokens":400,"completion_tokens":9600,"total_tokens":10000}})";

/// A model server that gives one reply to whoever asks.
class costly_model {
public:
  costly_model() : thread_{[this] { serve(); }} {}

  costly_model(const costly_model&) = delete;
  costly_model& operator=(const costly_model&) = delete;

  ~costly_model() {
    is_over_ = true;
    (void)http_client{}.send({.url = url_at(listener_, "/"), .timeout = process_patience});
    thread_.join();
  }

  [[nodiscard]] std::string url() const { return url_at(listener_, "/v1"); }

  [[nodiscard]] int calls() const { return calls_; }

private:
  void serve() {
    while (!is_over_) {
      try {
        const auto peer = listener_.accept();
        const bool is_call = receive_request(peer).starts_with("POST ");
        peer.send(as_answer(is_call ? 200 : 404, is_call ? reply : "{}",
                            "Connection: close\r\nContent-Type: application/json\r\n"));
        calls_ += is_call ? 1 : 0;
      } catch (const std::exception&) {
        continue;  // Nobody came for a while, or whoever did was killed.
      }
    }
  }

  loopback_server listener_;
  std::atomic<bool> is_over_ = false;
  std::atomic<int> calls_ = 0;
  std::thread thread_;
};

served_agent serve_budget(const temporary_folder& home, const costly_model& model) {
  return served_agent{home,
                      {"--models-url", model.url(), "--model", "m", "--set", "agents.folder=agents",
                       "--set", "http.keys=keys.json"}};
}

http_response ask_plain(const served_agent& server) {
  const auto answer = http_client{}.send(
      {.method = "POST",
       .url = server.url("/v1/chat/completions"),
       .headers = {{"Content-Type", "application/json"},
                   {"Authorization", std::string{"Bearer "} + client_key}},
       .body = R"({"model":"agent:plain","messages":[{"role":"user","content":"Is it so?"}]})",
       .timeout = process_patience});
  REQUIRE(answer);
  return *answer;
}

/// Spending is written behind the calls.
void wait_until_spent(const temporary_folder& home, std::int64_t tokens) {
  const auto file = home.path() / "libagent" / "sessions.sqlite";
  auto store = sqlite_database::open(file, sqlite_database::access::read);
  REQUIRE(store);
  const auto patience_ends = std::chrono::steady_clock::now() + process_patience;
  while (store->query_integer("SELECT coalesce(sum(tokens), 0) FROM spending").value() < tokens) {
    REQUIRE(std::chrono::steady_clock::now() < patience_ends);
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("what a key has spent is known after a kill", "[system]") {
  const temporary_folder home;
  home.write("agents/plain.json", plain_agent);
  home.write("keys.json", keys_file);
  const costly_model model;
  {
    auto server = serve_budget(home, model);
    const auto first = ask_plain(server);
    INFO(first.body);
    REQUIRE(first.status == 200);
    CHECK(first.body.find("Yes.") != std::string::npos);
    wait_until_spent(home, 10'000);
    server.process().send_signal(SIGKILL);
    (void)server.process().wait(process_patience);
  }
  const auto server = serve_budget(home, model);
  const auto second = ask_plain(server);
  CHECK(second.status == 429);
  CHECK(second.body.find("insufficient_quota") != std::string::npos);
  CHECK(model.calls() == 1);
}
