#include "libagent/api/api_keys.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <map>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// No hash at all, so that the test can say what the digest of a key is.
sha256_digest first_bytes(std::string_view key) {
  sha256_digest digest{};
  std::copy_n(key.begin(), std::min(key.size(), digest.size()), digest.begin());
  return digest;
}

key_sources sources_with(std::map<std::string, std::string> environment) {
  return {.sha256 = first_bytes,
          .environment = [environment = std::move(environment)](
                             const std::string& name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional{found->second};
          },
          .file = [](const std::string& path) -> expected<std::string> {
            if (path == "alice.key")
              return std::string{"key-of-alice-0001\n"};
            return error{errc::not_found, "read " + path + ": it is not there"};
          }};
}

std::string problem_with(const std::string& text) {
  const auto read = api_keys::read(text, sources_with({{"BOB", "key-of-bob-000001"}}));
  REQUIRE_FALSE(read);
  CHECK(read.error().code == errc::invalid_argument);
  return read.error().context;
}

std::shared_ptr<api_keys> keys_of(const std::string& text) {
  auto read = api_keys::read(text, sources_with({{"BOB", "key-of-bob-000001"}}));
  INFO((read ? std::string{} : read.error().context));
  REQUIRE(read);
  return *read;
}

http_request with_key(const std::string& header, const std::string& value) {
  return {.method = "GET", .path = "/v1/models", .headers = {{header, value}}};
}

/// The status of the refusal; 200: admitted.
int status_for(api_keys& keys, const http_request& request, time_point now = t0) {
  const auto outcome = keys.admit(request, now);
  const auto* refusal = std::get_if<http_response>(&outcome);
  return refusal == nullptr ? 200 : refusal->status;
}

constexpr const char* alice_and_bob =
    R"({"keys":[{"name":"alice","key_file":"alice.key","agents":["docs"]},
                {"name":"bob","key_env":"BOB","requests_per_minute":2,"tokens_per_day":1000,
                 "criticality":"sheddable"}]})";

}  // namespace

TEST_CASE("a key opens the door by either header, and its name is who asks", "[api][keys]") {
  const auto keys = keys_of(alice_and_bob);
  CHECK(keys->size() == 2);
  const auto outcome = keys->admit(with_key("Authorization", "Bearer key-of-alice-0001"), t0);
  const auto* caller = std::get_if<api_caller>(&outcome);
  REQUIRE(caller != nullptr);
  CHECK(caller->client == "alice");
  CHECK(caller->is_restricted());
  CHECK(caller->may_ask("docs"));
  CHECK_FALSE(caller->may_ask("coder"));

  const auto other = keys->admit(with_key("X-API-Key", "key-of-bob-000001"), t0);
  REQUIRE(std::get_if<api_caller>(&other) != nullptr);
  CHECK(std::get<api_caller>(other).key->tokens_per_day == 1000);
  CHECK(std::get<api_caller>(other).key->level == criticality::sheddable);
  CHECK(std::get<api_caller>(other).may_ask("coder"));
  CHECK(status_for(*keys, with_key("authorization", "bearer key-of-alice-0001")) == 200);
}

TEST_CASE("without a known key the answer is 401 and says which scheme to use", "[api][keys]") {
  const auto keys = keys_of(alice_and_bob);
  for (const auto& request :
       {http_request{.method = "GET", .path = "/v1/models"},
        with_key("Authorization", "Bearer key-of-alice-0002"),
        with_key("Authorization", "Basic key-of-alice-0001"), with_key("Authorization", "Bearer"),
        with_key("x-api-key", "key-of-alice-000"),
        with_key("x-api-key", std::string(5'000, 'x'))}) {
    const auto outcome = keys->admit(request, t0);
    const auto* refusal = std::get_if<http_response>(&outcome);
    REQUIRE(refusal != nullptr);
    CHECK(refusal->status == 401);
    CHECK(refusal->headers.find("WWW-Authenticate").value_or("").starts_with("Bearer"));
    CHECK_THAT(refusal->body, Catch::Contains(R"("code":"invalid_api_key")"));
    CHECK(refusal->body.find("alice") == std::string::npos);
  }
}

TEST_CASE("a key has its requests of a minute, and no other key pays for them", "[api][keys]") {
  const auto keys = keys_of(alice_and_bob);
  const auto bob = with_key("x-api-key", "key-of-bob-000001");
  CHECK(status_for(*keys, bob) == 200);
  CHECK(status_for(*keys, bob) == 200);
  const auto outcome = keys->admit(bob, t0);
  const auto* refusal = std::get_if<http_response>(&outcome);
  REQUIRE(refusal != nullptr);
  CHECK(refusal->status == 429);
  CHECK(refusal->headers.find("Retry-After") == "30");
  CHECK(status_for(*keys, with_key("x-api-key", "key-of-alice-0001")) == 200);
  CHECK(status_for(*keys, bob, t0 + 30s - 1ms) == 429);
  CHECK(status_for(*keys, bob, t0 + 30s) == 200);
}

TEST_CASE("a digest in the file stands for a key that the file does not have", "[api][keys]") {
  const std::string hex = "4142434445464748494a4B4C4D4e4f5000000000000000000000000000000000";
  const auto keys = keys_of(R"({"keys":[{"name":"carol","key_sha256":")" + hex + R"("}]})");
  CHECK(status_for(*keys, with_key("x-api-key", "ABCDEFGHIJKLMNOP")) == 200);
  CHECK(status_for(*keys, with_key("x-api-key", "ABCDEFGHIJKLMNOQ")) == 401);
}

TEST_CASE("a keys file that is wrong is refused with the entry and the reason", "[api][keys]") {
  using Catch::Contains;
  CHECK_THAT(problem_with("[]"), Contains("expected"));
  CHECK_THAT(problem_with(R"({"keys":[]})"), Contains("there is none"));
  CHECK_THAT(problem_with(R"({"keys":[{"name":"a","key_env":"NOBODY"}]})"), Contains("NOBODY"));
  CHECK_THAT(problem_with(R"({"keys":[{"name":"a","key_file":"b.key"}]})"), Contains("b.key"));
  CHECK_THAT(problem_with(R"({"keys":[{"name":"a"}]})"), Contains("one of key_sha256"));
  CHECK_THAT(problem_with(R"({"keys":[{"name":"a","key_env":"BOB","key_file":"x"}]})"),
             Contains("one of key_sha256"));
  CHECK_THAT(problem_with(R"({"keys":[{"name":"a b","key_env":"BOB"}]})"), Contains("a name is"));
  CHECK_THAT(problem_with(R"({"keys":[{"name":"a","key_sha256":"12"}]})"), Contains("64"));
  CHECK_THAT(problem_with(R"({"keys":[{"name":"a","key_env":"BOB","color":1}]})"),
             Contains("color"));
  CHECK_THAT(
      problem_with(R"({"keys":[{"name":"a","key_env":"BOB"},{"name":"b","key_env":"BOB"}]})"),
      Contains(R"(the key of "a" too)"));
  CHECK_THAT(problem_with(
                 R"({"keys":[{"name":"a","key_env":"BOB"},{"name":"a","key_file":"alice.key"}]})"),
             Contains("has this name"));
}

TEST_CASE("a key that can be guessed is refused without being shown", "[api][keys]") {
  const auto read = api_keys::read(R"({"keys":[{"name":"a","key_env":"SHORT"}]})",
                                   sources_with({{"SHORT", "  fifteen-letters\n"}}));
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().context, Catch::Contains("this one has 15"));
  CHECK(read.error().context.find("fifteen") == std::string::npos);
}

TEST_CASE("a client may spend what its key says, others as much as they like", "[api][keys]") {
  const auto keys = keys_of(alice_and_bob);
  CHECK(keys->budget_of("bob") == usage_amount{.cost_micro = 0, .tokens = 1'000});
  CHECK(keys->budget_of("alice") == usage_amount{});
  CHECK(keys->budget_of("nobody") == usage_amount{});
}
