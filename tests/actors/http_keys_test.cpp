#include "libagent/api/api_keys.hpp"

#include "tests/actors/door_fixture.hpp"

#include <algorithm>

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;

namespace {

/// No hash at all: keys of up to 32 bytes are their own digests.
sha256_digest key_itself(std::string_view key) {
  sha256_digest digest{};
  std::copy_n(key.begin(), std::min(key.size(), digest.size()), digest.begin());
  return digest;
}

std::shared_ptr<api_keys> two_keys() {
  auto keys = api_keys::read(
      R"({"keys":[{"name":"alice","key_env":"A","requests_per_minute":3},
                  {"name":"bob","key_env":"B","agents":["docs"]}]})",
      {.sha256 = key_itself,
       .environment =
           [](const std::string& name) { return std::optional{name + "-key-0123456789"}; },
       .file = [](const std::string&) -> expected<std::string> {
         return error{errc::not_found, "read it"};
       }});
  REQUIRE(keys);
  return *keys;
}

class keyed_fixture : public door_fixture {
public:
  keyed_fixture() {
    open({.keys = two_keys()});
    headers = {};
  }

  void use_key_of(const std::string& who) {
    headers.set("Authorization", "Bearer " + who + "-key-0123456789");
  }
};

constexpr const char* ask_docs = R"({"model":"docs","messages":[{"role":"user","content":"x"}]})";
constexpr const char* ask_coder = R"({"model":"coder","messages":[{"role":"user","content":"x"}]})";

}  // namespace

TEST_CASE_METHOD(keyed_fixture, "with keys every route of the API wants one", "[door][keys]") {
  for (const auto* path : {"/v1/models", "/v1/sessions", "/v1/tasks", "/v1/status", "/v1/tools"}) {
    (void)call("GET", path);
    CHECK(status() == 401);
    CHECK(last->response->headers.contains("WWW-Authenticate"));
    CHECK(last->response->headers.find("X-Request-Id").value_or("").starts_with("req-"));
  }
  (void)call("POST", "/v1/chat/completions", ask_docs);
  CHECK(status() == 401);
  CHECK(answer()["error"]["code"] == "invalid_api_key");
  CHECK(script->turns.empty());
  CHECK(call("GET", "/healthz")["status"] == "ok");
}

TEST_CASE_METHOD(keyed_fixture, "a refusal before any route repeats the request's own name",
                 "[door][keys]") {
  headers.set("X-Request-Id", "mine");
  (void)call("GET", "/v1/models");
  CHECK(status() == 401);
  CHECK(last->response->headers.find("X-Request-Id") == "mine");
  (void)call("GET", "/v1/nothing");
  CHECK(status() == 404);
  CHECK(last->response->headers.find("X-Request-Id") == "mine");
}

TEST_CASE_METHOD(keyed_fixture, "a client is called as its key says, whatever else it says",
                 "[door][keys]") {
  use_key_of("A");
  headers.set("X-Client-Id", "bob");
  (void)send("POST", "/v1/chat/completions", ask_coder);
  CHECK(only_turn().request.client == "alice");
}

TEST_CASE_METHOD(keyed_fixture, "a key for some agents opens nothing else", "[door][keys]") {
  use_key_of("B");
  (void)send("POST", "/v1/chat/completions", ask_docs);
  CHECK(only_turn().request.client == "bob");
  lose_turns();
  (void)call("POST", "/v1/chat/completions", ask_coder);
  CHECK(status() == 403);
  (void)call("POST", "/v1/sessions/s1/messages", R"({"agent":"coder","message":"x"})");
  CHECK(status() == 403);
  // Without a name only the session knows who would answer.
  (void)send("POST", "/v1/sessions/s1/messages", R"({"message":"x"})");
  CHECK(only_turn().request.agent.empty());
  CHECK(only_turn().request.agents_allowed == std::vector<std::string>{"docs"});
  only_turn().observer->on_refused({errc::permission_denied, "begin turn: not this agent"});
  CHECK(status() == 403);
  lose_turns();
  (void)call("POST", "/v1/agents/coder/ask", R"({"question":"x"})");
  CHECK(status() == 403);
  (void)call("POST", "/v1/tasks", R"({"tool":"any"})");
  CHECK(status() == 403);
  const auto listed = call("GET", "/v1/models");
  REQUIRE(listed["data"].size() == 1);
  CHECK(listed["data"][0]["id"] == "agent:docs");
}

TEST_CASE_METHOD(keyed_fixture, "beyond its requests of a minute a key gets 429 until later",
                 "[door][keys]") {
  use_key_of("A");
  for (int i = 0; i < 3; ++i) {
    (void)call("GET", "/v1/models");
    CHECK(status() == 200);
  }
  (void)call("GET", "/v1/models");
  CHECK(status() == 429);
  CHECK(last->response->headers.find("Retry-After") == "20");
  advance(std::chrono::seconds{20});
  (void)call("GET", "/v1/models");
  CHECK(status() == 200);
}

TEST_CASE_METHOD(door_fixture, "metrics want a key only where that is asked for", "[door][keys]") {
  const auto is_open = [this] {
    (void)send("GET", "/metrics");
    return last->response->status != 401;
  };
  open({.keys = two_keys()});
  CHECK(is_open());
  open({.keys = two_keys(), .guard_metrics = true});
  CHECK_FALSE(is_open());
  open({});
  CHECK(is_open());
}
