#include "libagent/api/turn_submission.hpp"

#include "libagent/record/json.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

expected<turn_request> turn_from(const std::string& body, const std::string& id = "s1") {
  auto submission = from_json<message_submission>(body);
  REQUIRE(submission);
  return to_turn(*std::move(submission), id);
}

chat_message said(chat_role role, std::string content) {
  return {.role = role, .content = std::move(content)};
}

}  // namespace

TEST_CASE("a message becomes a turn of its session", "[api][session]") {
  const auto turn =
      turn_from(R"({"agent":"agent:docs","message":"hello","timeout_ms":500,"temperature":0.5})");
  REQUIRE(turn);
  CHECK(turn->agent == "docs");
  CHECK(turn->session == "s1");
  REQUIRE(turn->messages.size() == 1);
  CHECK(turn->messages[0] == said(chat_role::user, "hello"));
  CHECK(turn->timeout == 500ms);
  CHECK(turn->how.temperature == 0.5);
  CHECK(turn_from(R"({"message":"hello"})")->agent.empty());
}

TEST_CASE("a message that makes no sense is refused with its place", "[api][session]") {
  CHECK_THAT(turn_from(R"({"message":""})").error().context, Catch::Contains("/message"));
  CHECK_THAT(turn_from(R"({"message":"a","timeout_ms":0})").error().context,
             Catch::Contains("/timeout_ms"));
  CHECK_THAT(turn_from(R"({"message":"a","timeout_ms":86400001})").error().context,
             Catch::Contains("/timeout_ms"));
  CHECK_THAT(turn_from(R"({"message":"a","temperature":2.1})").error().context,
             Catch::Contains("/temperature"));
  CHECK_FALSE(turn_from(R"({"message":"a"})", "a b"));
}

TEST_CASE("a session's name has 1 to 64 plain characters", "[api][session]") {
  CHECK(check_session_id("A.b_c-9"));
  CHECK(check_session_id(std::string(64, 'x')));
  CHECK_FALSE(check_session_id(std::string(65, 'x')));
  CHECK_FALSE(check_session_id(""));
  CHECK_FALSE(check_session_id("a/b"));
  CHECK_FALSE(check_session_id("\xC3\xA9"));
}

TEST_CASE("key and headers say whose turn it is and how far it may go", "[api][session]") {
  turn_request turn;
  const api_caller caller{
      .client = "bob",
      .key = std::make_shared<const api_key_entry>(api_key_entry{.name = "bob",
                                                                 .tokens_per_day = 7,
                                                                 .cost_per_day_micro = 9,
                                                                 .agents = {"docs"},
                                                                 .level = criticality::sheddable})};
  http_request request{.headers = {{"Idempotency-Key", "k1"}, {"X-Request-Timeout-Ms", "1500"}}};
  REQUIRE(take_headers(request, caller, turn));
  CHECK(turn.client == "bob");
  CHECK(turn.key == "k1");
  CHECK(turn.timeout == 1500ms);
  CHECK(turn.agents_allowed == std::vector<std::string>{"docs"});
  CHECK(turn.level == criticality::sheddable);

  for (const auto* bad : {"0", "-1", "1.5", "86400001", "", "99999999999999999999"}) {
    request.headers.set("X-Request-Timeout-Ms", bad);
    CHECK_FALSE(take_headers(request, caller, turn));
  }
}

TEST_CASE("of a whole conversation what follows the last reply is new", "[api][session]") {
  const auto system = said(chat_role::system, "be kind");
  const auto first = said(chat_role::user, "one");
  const auto reply = said(chat_role::assistant, "1");
  const auto result = said(chat_role::tool, "42");
  const auto second = said(chat_role::user, "two");
  CHECK(new_messages({system, first}) == std::vector{system, first});
  CHECK(new_messages({system, first, reply, second}) == std::vector{second});
  CHECK(new_messages({first, reply, result, second}) == std::vector{result, second});
  CHECK(new_messages({first, reply}).empty());
}
