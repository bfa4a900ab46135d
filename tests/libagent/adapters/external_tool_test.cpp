#include "libagent/adapters/external_tool.hpp"

#include "tests/support/shell_tool.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stop_token>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;
using nlohmann::json;

namespace {

/// Runs a script, asks it to stop at its first progress, and tells what it made of it.
expected<std::string> stop_script(const shell_tools& tools, const std::string& script) {
  std::stop_source stop;
  auto context = shell_tools::context();
  context.stop = stop.get_token();
  context.progress = [&stop](double, const std::string&) { stop.request_stop(); };
  return tools.make(shell_tools::spec_of(script))->run("{}", context);
}

/// The number in "process 123 ended ...".
pid_t process_named_in(const error& failure) {
  const auto at = failure.context.find("process ");
  REQUIRE(at != std::string::npos);
  return static_cast<pid_t>(std::strtol(failure.context.c_str() + at + 8, nullptr, 10));
}

}  // namespace

TEST_CASE("an external tool reads its arguments from standard input and prints its result",
          "[adapters]") {
  const shell_tools tools;
  const auto echo = tools.make(shell_tools::spec_of("cat; echo"));
  CHECK(echo->run(R"({"a":[1,2]})", shell_tools::context()).value() == R"({"a":[1,2]})");
  CHECK(echo->run("", shell_tools::context()).value() == "{}");
  CHECK(tools.run("cat /dev/stdin > /dev/stdout").value() == "{}");
  CHECK(echo->spec().tool_isolation == isolation::process);
}

TEST_CASE("megabytes go to an external tool and back", "[adapters]") {
  const shell_tools tools;
  const auto arguments = json{{"text", std::string(3U << 20U, 'x')}}.dump();
  CHECK(tools.make(shell_tools::spec_of("cat"))->run(arguments, shell_tools::context()).value() ==
        arguments);
}

TEST_CASE("an external tool reports progress by lines, and other lines are passed on",
          "[adapters]") {
  const shell_tools tools;
  auto context = shell_tools::context();
  std::vector<std::string> seen;
  context.progress = [&seen](double fraction, const std::string& message) {
    seen.push_back(message + " " + std::to_string(fraction).substr(0, 4));
  };
  const auto script = shell_tools::spec_of(
      "echo 'progress: 0.5 half of it' >&2; echo hello >&2; echo 'progress: 7 x' >&2; "
      "echo 'progress: 1' >&2; echo 1");
  CHECK(tools.make(script)->run("{}", context).value() == "1");
  CHECK(seen == std::vector<std::string>{"half of it 0.50", " 1.00"});
  CHECK(tools.lines() ==
        std::vector<std::string>{"tool script: hello", "tool script: progress: 7 x"});
}

TEST_CASE("an external tool that exits with another code than 0 has failed, with its last words",
          "[adapters]") {
  const shell_tools tools;
  const auto failed = tools.run("echo 1; echo first >&2; echo 'no such city' >&2; exit 3");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::tool_failed);
  CHECK_THAT(failed.error().context, StartsWith("run script: process ") &&
                                         Contains("ended with exit code 3; it last said \"no such "
                                                  "city\""));
}

TEST_CASE("an external tool that a signal ends has crashed", "[adapters]") {
  const shell_tools tools;
  const auto* const name = GENERATE("SEGV", "ABRT", "BUS", "ILL");
  const auto failed = tools.run("echo '{}'; echo 'about to fall' >&2; kill -" + std::string{name} +
                                " $$; echo late");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::crashed);
  CHECK_THAT(failed.error().context, Contains("ended by SIG" + std::string{name}) &&
                                         Contains("it last said \"about to fall\""));
}

TEST_CASE("what an external tool prints and is no JSON is shown", "[adapters]") {
  const shell_tools tools;
  const auto garbage = tools.run("echo Traceback; echo '{'");
  REQUIRE_FALSE(garbage);
  CHECK(garbage.error().code == errc::tool_failed);
  CHECK_THAT(garbage.error().context,
             Contains("printed no JSON: ") && Contains("\"Traceback\\n{\""));
  CHECK_THAT(tools.run("echo '1 2'").error().context, Contains("printed no JSON"));
  CHECK_THAT(tools.run("true").error().context,
             EndsWith("printed nothing, expected one JSON value"));
}

TEST_CASE("an external tool that prints without end is killed at the bound", "[adapters]") {
  const shell_tools tools;
  auto spec = shell_tools::spec_of("exec cat /dev/zero");
  spec.output_bytes_max = 1U << 20U;
  const auto failed = tools.run(spec);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::too_large);
  CHECK_THAT(failed.error().context, Contains("printed more than 1048576 bytes"));
  spec.command.back() = "printf '\"%s\"' x";
  spec.output_bytes_max = 3;
  CHECK(tools.run(spec).value() == "\"x\"");
  spec.output_bytes_max = 2;
  CHECK(tools.run(spec).error().code == errc::too_large);
}

TEST_CASE("an external tool that is cancelled gets SIGTERM, then SIGKILL, and is gone",
          "[adapters]") {
  const shell_tools tools;
  const auto [script, signal] = GENERATE(table<const char*, const char*>(
      {{"echo 'progress: 0' >&2; exec tail -f /dev/null", "SIGTERM"},
       {"trap '' TERM; echo 'progress: 0' >&2; tail -f /dev/null; tail -f /dev/null", "SIGKILL"}}));
  const auto failed = stop_script(tools, script);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::cancelled);
  CHECK_THAT(failed.error().context,
             Contains("ended by " + std::string{signal} + " after it was asked to stop"));
  CHECK(kill(process_named_in(failed.error()), 0) == -1);
}

TEST_CASE("a result that an external tool prints after its stop request does not count",
          "[adapters]") {
  const shell_tools tools;
  const auto failed = stop_script(
      tools, "trap 'echo 1; exit 0' TERM; echo 'progress: 0' >&2; tail -f /dev/null & wait");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::cancelled);
}

TEST_CASE("an external tool that passes its deadline is killed", "[adapters]") {
  const shell_tools tools;
  const auto hanging = tools.make(shell_tools::spec_of("exec tail -f /dev/null"));
  const auto failed = hanging->run("{}", shell_tools::context(50ms));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::deadline_exceeded);
  CHECK_THAT(failed.error().context, Contains("ended by SIGTERM after its deadline"));
}

TEST_CASE("an external tool knows its task and its time", "[adapters]") {
  const shell_tools tools;
  auto context = shell_tools::context(60s);
  context.id = make_task_id(1'700'000'000'000, 1, 2);
  const auto output =
      tools.make(shell_tools::spec_of(R"(printf '["%s",%s]' $TOOL_TASK_ID $TOOL_TIMEOUT_MS)"))
          ->run("{}", context);
  REQUIRE(output);
  const auto seen = json::parse(*output);
  CHECK(seen[0] == to_string(context.id));
  CHECK(seen[1] > 30'000);
  CHECK(seen[1] <= 60'000);
}

TEST_CASE("arguments of an external tool are checked before it runs", "[adapters]") {
  const shell_tools tools;
  auto spec = shell_tools::spec_of("cat");
  spec.input_schema = R"({"type":"object","required":["city"],
      "properties":{"city":{"type":"string"},"days":{"type":"integer"},"any":{}}})";
  const auto weather = tools.make(spec);
  const auto refusal = [&weather](const char* arguments) {
    const auto checked = weather->check(arguments);
    return checked ? std::string{} : to_string(checked.error());
  };
  CHECK(refusal(R"({"city":"Bonn","days":3,"any":null,"more":1})").empty());
  CHECK(refusal(R"({"days":3})") == "invalid_argument: /city: missing");
  CHECK(refusal(R"({"city":1})") == "invalid_argument: /city: expected string, got number");
  CHECK(refusal(R"({"city":"Bonn","days":1.5})") ==
        "invalid_argument: /days: expected integer, got number");
  CHECK(refusal("[1]") == "invalid_argument: (root): expected object, got array");
  CHECK_THAT(refusal("{"), StartsWith("invalid_argument: bad JSON"));
  CHECK(weather->run("[1]", shell_tools::context()).error().code == errc::invalid_argument);
}

TEST_CASE("an external tool whose program is missing says so at each run", "[adapters]") {
  const shell_tools tools;
  auto spec = shell_tools::spec_of("");
  spec.command = {"no-such-program-anywhere"};
  CHECK(tools.run(spec).error() ==
        error{errc::unavailable,
              "run script: start no-such-program-anywhere: it is in no folder of PATH"});
  spec.command = {"/nowhere/program"};
  CHECK_THAT(tools.run(spec).error().context, Contains("/nowhere/program: No such file"));
}

TEST_CASE("specs of external tools that make no sense are refused", "[adapters]") {
  const shell_tools tools;
  const auto refused = [&tools](external_tool_spec spec) {
    const auto made = make_external_tool(std::move(spec), tools.host());
    REQUIRE_FALSE(made);
    return made.error().context;
  };
  auto spec = shell_tools::spec_of("true");
  spec.command.clear();
  CHECK_THAT(refused(spec), Contains("its command is empty"));
  spec = shell_tools::spec_of("true");
  spec.input_schema = "[]";
  CHECK_THAT(refused(spec), Contains("input schema: expected an object, got array"));
  spec = shell_tools::spec_of("true");
  spec.sandbox = {.restrict_calls = false, .network = false};
  CHECK_THAT(refused(spec), Contains("the network can only be denied together"));
}
