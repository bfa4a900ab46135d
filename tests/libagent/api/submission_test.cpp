#include "libagent/api/submission.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("a submission for a tool keeps its arguments and limits", "[api]") {
  const auto request = to_request(task_submission{.tool = "calculate",
                                                  .agent = {},
                                                  .arguments = {R"({"expression":"1"})"},
                                                  .timeout = 250ms,
                                                  .lane_override = lane::batch,
                                                  .durable = true});
  REQUIRE(request);
  CHECK(request->target == "calculate");
  CHECK(request->arguments.text == R"({"expression":"1"})");
  CHECK(request->timeout == 250ms);
  CHECK(request->lane_override == lane::batch);
  CHECK(request->durable == true);
}

TEST_CASE("a submission for an agent targets agent:NAME", "[api]") {
  const auto request = to_request(task_submission{.tool = {}, .agent = "documents"});
  REQUIRE(request);
  CHECK(request->target == "agent:documents");
}

TEST_CASE("a submission names exactly one of tool and agent", "[api]") {
  const auto neither = to_request(task_submission{});
  REQUIRE_FALSE(neither);
  CHECK(neither.error().code == errc::invalid_argument);
  CHECK(neither.error().context.starts_with("/tool: "));

  const auto both = to_request(task_submission{.tool = "a", .agent = "b"});
  REQUIRE_FALSE(both);
  CHECK(both.error().context.starts_with("/agent: "));
}
