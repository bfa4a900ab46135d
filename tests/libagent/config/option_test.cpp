#include "libagent/config/option.hpp"

#include "libagent/config/agent_config.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

std::string refusal(option& target, std::string_view text) {
  const auto before = target.text();
  const auto done = target.assign(text);
  if (done)
    return "accepted";
  CHECK(target.text() == before);
  return done.error().context;
}

}  // namespace

TEST_CASE("an option takes the variable's value as its default and then writes the variable",
          "[config]") {
  std::chrono::milliseconds interval = 100ms;
  option sample{"memory.sample-interval", interval, 10ms, 60s, "How often."};
  CHECK(sample.default_text() == "100ms");
  REQUIRE(sample.assign("2s"));
  CHECK(interval == 2s);
  CHECK(sample.text() == "2s");
  CHECK(sample.default_text() == "100ms");
}

TEST_CASE("a duration is accepted at both bounds and refused beyond, with value and range",
          "[config]") {
  std::chrono::milliseconds interval = 100ms;
  option sample{"a.b", interval, 10ms, 60s, "How often."};
  CHECK(sample.assign("10ms"));
  CHECK(sample.assign("1m"));
  CHECK(refusal(sample, "9ms") == R"("9ms": out of range (allowed: 10ms to 1m))");
  CHECK(refusal(sample, "61s") == R"("61s": out of range (allowed: 10ms to 1m))");
  CHECK(refusal(sample, "50") ==
        R"("50": expected a duration such as 250ms, 5s, 2m or 1h (allowed: 10ms to 1m))");
  CHECK(refusal(sample, "10.5us") != "accepted");
  CHECK(refusal(sample, "10001us").find("whole milliseconds") != std::string::npos);
}

TEST_CASE("a size is accepted at both bounds and refused beyond", "[config]") {
  byte_size limit = mebibytes(1);
  option body{"a.b", limit, kibibytes(1), mebibytes(2), "Largest."};
  CHECK(body.assign("1024"));
  CHECK(body.assign("2MiB"));
  CHECK(limit == mebibytes(2));
  CHECK(refusal(body, "1023") == R"("1023": out of range (allowed: 1KiB to 2MiB))");
  CHECK(refusal(body, "2049KiB").find("out of range") != std::string::npos);
  CHECK(refusal(body, "big").find("expected a size") != std::string::npos);
}

TEST_CASE("an integer is accepted at both bounds and refused beyond", "[config]") {
  std::uint8_t nice = 19;
  option worker{"a.b", nice, 0, 19, "Niceness."};
  CHECK(worker.assign("0"));
  CHECK(worker.assign("19"));
  CHECK(refusal(worker, "20") == R"("20": out of range (allowed: 0 to 19))");
  CHECK(refusal(worker, "275").find("out of range") != std::string::npos);
  CHECK(refusal(worker, "99999999999999999999").find("out of range") != std::string::npos);
  for (const std::string_view text : {"", "-1", "+1", "1.5", "1x", " 1", "0x1"}) {
    CAPTURE(text);
    CHECK(refusal(worker, text).find("expected a whole number") != std::string::npos);
  }
}

TEST_CASE("a choice is one of its names, and a wrong one is answered with the nearest",
          "[config]") {
  log_level level = log_level::info;
  option log{"log.level", level, "How much."};
  CHECK(log.assign("debug"));
  CHECK(level == log_level::debug);
  CHECK(
      refusal(log, "warnig") ==
      R"("warnig": unknown choice (did you mean "warning"?) (allowed: error, warning, info, debug))");
}

TEST_CASE("a text may have a check that says what would fit", "[config]") {
  std::string name = "local";
  option node{"node.name", name, "Name.",
              [](std::string_view text) { return text.empty() ? "expected a name" : ""; }};
  CHECK(node.assign("b"));
  CHECK(refusal(node, "") == R"("": expected a name)");
}

TEST_CASE("a secret is not repeated in errors", "[config]") {
  std::string value;
  auto token = option{
      "model.api-key", value, "Key.", [](std::string_view) {
        return "expected a key that begins with k-";
      }}.secret();
  CHECK(refusal(token, "sk-123") == "the hidden value: expected a key that begins with k-");
}

TEST_CASE("an option's section, name and variable come from its key", "[config]") {
  std::string value;
  const option sample{"memory.sample-interval", value, "Help."};
  CHECK(sample.section() == "memory");
  CHECK(sample.name() == "sample-interval");
  CHECK(sample.environment_variable() == "LIBAGENT_MEMORY_SAMPLE_INTERVAL");
}
