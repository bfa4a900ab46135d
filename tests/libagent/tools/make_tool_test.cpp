#include "libagent/tools/make_tool.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

using namespace libagent;

namespace {

struct pair_input {
  int a = 0;
  int b = 0;
};

template <class Inspector>
bool inspect(Inspector& f, pair_input& x) {
  return record(f, x, "pair_input", field("a", "First.", x.a),
                field("b", "Second.", x.b).fallback(0));
}

struct number_output {
  int value = 0;
};

template <class Inspector>
bool inspect(Inspector& f, number_output& x) {
  return record(f, x, "number_output", field("value", "The result.", x.value));
}

tool_spec spec_named(std::string name) {
  return {.name = std::move(name), .description = "For tests."};
}

number_output sum_of(const pair_input& in) {
  return {in.a + in.b};
}

}  // namespace

TEST_CASE("a function from one record to another becomes a tool", "[tools]") {
  const auto add =
      make_tool(spec_named("add"), [](const pair_input& in) { return number_output{in.a + in.b}; });
  CHECK(add->spec().name == "add");
  CHECK(add->run(R"({"a":1,"b":2})", {}).value() == R"({"value":3})");
  CHECK(add->input_schema() == json_schema<pair_input>());
  CHECK(add->output_schema() == json_schema<number_output>());
}

TEST_CASE("a tool's function may be a plain function, take the context, or return an error",
          "[tools]") {
  CHECK(make_tool(spec_named("add"), &sum_of)->run(R"({"a":4})", {}).value() == R"({"value":4})");
  const auto divide =
      make_tool(spec_named("divide"),
                [](const pair_input& in, const tool_context& context) -> expected<number_output> {
                  context.progress(0.5, "half");
                  if (in.b == 0)
                    return error{errc::tool_failed, "divide: by zero"};
                  return number_output{in.a / in.b};
                });
  std::string heard;
  tool_context context;
  context.progress = [&heard](double, std::string message) { heard = std::move(message); };
  CHECK(divide->run(R"({"a":6,"b":3})", context).value() == R"({"value":2})");
  CHECK(heard == "half");
  CHECK(divide->run(R"({"a":6})", {}).error() == error{errc::tool_failed, "divide: by zero"});
}

TEST_CASE("arguments are checked with the path, alike by check and by run", "[tools]") {
  const auto add = make_tool(spec_named("add"), &sum_of);
  CHECK(add->check(R"({"a":1})"));
  for (const std::string arguments : {R"({"a":"x"})", R"({})", "", R"({"a":1,"c":2})", "{"}) {
    CAPTURE(arguments);
    const auto checked = add->check(arguments);
    const auto ran = add->run(arguments, {});
    REQUIRE_FALSE(checked);
    REQUIRE_FALSE(ran);
    CHECK(checked.error() == ran.error());
    CHECK(checked.error().code == errc::invalid_argument);
  }
  CHECK(add->check(R"({"a":"x"})").error().context == "/a: expected integer, got string");
}

TEST_CASE("empty arguments count as an object without fields", "[tools]") {
  const auto add = make_tool(spec_named("add"), &sum_of);
  CHECK(add->check("").error().context == R"((root): missing field "a" (expected integer))");
}

TEST_CASE("arguments past the tool's limits are refused", "[tools]") {
  const auto add = make_tool(spec_named("add"), &sum_of, {.bytes_max = 7, .depth_max = 1});
  CHECK(add->check(R"({"a":1})"));
  CHECK(add->check(R"({"a":12})").error().code == errc::too_large);
  CHECK(add->check(R"({"a":[]})").error().code == errc::too_large);
  CHECK(add->check("[[]]").error().context.find("deeper than 1") != std::string::npos);
}

TEST_CASE("a tool that throws fails with its name and the reason", "[tools]") {
  const auto broken = make_tool(spec_named("broken"), [](const pair_input& in) -> number_output {
    if (in.a == 1)
      throw std::runtime_error{"disk on fire"};
    throw 7;
  });
  CHECK(broken->run(R"({"a":1})", {}).error() ==
        error{errc::tool_failed, "broken threw: disk on fire"});
  CHECK(broken->run(R"({"a":2})", {}).error() ==
        error{errc::tool_failed, "broken threw: something that is not a std::exception"});
}

TEST_CASE("the text of an exception is cut to a bounded size", "[tools]") {
  const auto wordy = make_tool(spec_named("wordy"), [](const pair_input&) -> number_output {
    throw std::runtime_error{std::string(100'000, 'x')};
  });
  CHECK(wordy->run(R"({"a":1})", {}).error().context.size() < 1'100);
}

TEST_CASE("a contract violation is no failed task and passes through", "[tools]") {
  const auto buggy = make_tool(spec_named("buggy"), [](const pair_input& in) {
    LIBAGENT_EXPECTS(in.a > 0);
    return number_output{in.a};
  });
  CHECK_THROWS_AS(buggy->run(R"({"a":0})", {}), contract_violation);
}

TEST_CASE("a tool that was stopped before it started does not run", "[tools]") {
  int runs = 0;
  const auto counting =
      make_tool(spec_named("count"), [&runs](const pair_input&) { return number_output{++runs}; });
  std::stop_source source;
  tool_context context;
  context.stop = source.get_token();
  CHECK(counting->run(R"({"a":1})", context));
  source.request_stop();
  CHECK(counting->run(R"({"a":1})", context).error() ==
        error{errc::cancelled, "run count: stopped before it started"});
  CHECK(runs == 1);
}
