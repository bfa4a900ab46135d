#include "libagent/telemetry/span_contents.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace libagent;

namespace {

chat_message said(chat_role role, std::string text) {
  return {.role = role, .content = std::move(text)};
}

}  // namespace

TEST_CASE("messages have OpenTelemetry's form", "[telemetry]") {
  std::vector<chat_message> messages{said(chat_role::user, "what is \"x\"?"),
                                     said(chat_role::assistant, "")};
  messages[1].tool_calls.push_back({.id = "c1", .name = "look", .arguments = R"({"x":1})"});
  messages.push_back({.role = chat_role::tool, .content = "it is 2", .tool_call_id = "c1"});
  CHECK(
      input_messages_text(messages, 4'096) ==
      R"([{"role":"user","parts":[{"type":"text","content":"what is \"x\"?"}]},)"
      R"({"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"look",)"
      R"("arguments":"{\"x\":1}"}]},)"
      R"({"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"it is 2"}]}])");
}

TEST_CASE("a reply says why it ended, in OpenTelemetry's words", "[telemetry]") {
  CHECK(
      output_messages_text(said(chat_role::assistant, "two"), finish_reason::stop, 4'096) ==
      R"([{"role":"assistant","parts":[{"type":"text","content":"two"}],"finish_reason":"stop"}])");
  const auto calls =
      output_messages_text(said(chat_role::assistant, ""), finish_reason::tool_calls, 4'096);
  CHECK(calls == R"([{"role":"assistant","parts":[],"finish_reason":"tool_call"}])");
}

TEST_CASE("contents never take more than they may, and the latest come first", "[telemetry]") {
  std::vector<chat_message> messages;
  for (auto i = 0; i < 100; ++i)
    messages.push_back(said(chat_role::user, "number " + std::to_string(i)));
  const auto some = input_messages_text(messages, 300);
  CHECK(some.size() <= 300);
  CHECK(some.find("number 99") != std::string::npos);
  CHECK(some.find("number 90") == std::string::npos);

  const std::string escapes(10'000, '\n');
  const std::string letters(10'000, 'x');
  for (const std::size_t bytes_max : {1U, 64U, 256U, 1'024U}) {
    CAPTURE(bytes_max);
    for (const auto& text : {escapes, letters}) {
      const auto message = said(chat_role::assistant, text);
      CHECK(input_messages_text({&message, 1}, bytes_max).size() <=
            std::max<std::size_t>(bytes_max, 2));
      CHECK(output_messages_text(message, finish_reason::stop, bytes_max).size() <=
            std::max<std::size_t>(bytes_max, 2));
    }
  }
  const auto letter = said(chat_role::assistant, letters);
  CHECK(input_messages_text({&letter, 1}, 1'024).find("xxx") != std::string::npos);
}
