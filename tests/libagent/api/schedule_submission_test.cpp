#include "libagent/api/schedule_submission.hpp"

#include "libagent/record/json.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

std::string refusal(const char* body) {
  auto read = from_json<schedule_submission>(body);
  if (!read)
    return read.error().context;
  const auto request = to_request(*std::move(read));
  REQUIRE_FALSE(request);
  CHECK(request.error().code == errc::invalid_argument);
  return request.error().context;
}

}  // namespace

TEST_CASE("a submission of a schedule becomes a request", "[api]") {
  auto read = from_json<schedule_submission>(
      R"({"name":"n","cron":"0 8 * * 1-5","task":{"agent":"documents","arguments":{"question":"?"},
          "timeout_ms":250,"lane":"batch","criticality":"sheddable"}})");
  REQUIRE(read);
  const auto request = to_request(*std::move(read));
  REQUIRE(request);
  CHECK(*request == schedule_request{.name = "n",
                                     .cron = "0 8 * * 1-5",
                                     .request = {.target = "agent:documents",
                                                 .arguments = {R"({"question":"?"})"},
                                                 .timeout = 250ms,
                                                 .lane_override = lane::batch,
                                                 .level = criticality::sheddable}});
}

TEST_CASE("a submission says exactly once when, and exactly one thing to run", "[api]") {
  CHECK(refusal(R"({"task":{"tool":"a"}})").find("got 0 of them") != std::string::npos);
  CHECK(refusal(R"({"at":1,"cron":"@daily","task":{"tool":"a"}})").find("got 2 of them") !=
        std::string::npos);
  CHECK(refusal(R"({"cron":"","task":{"tool":"a"}})").starts_with("/cron: "));
  CHECK(refusal(R"({"at":1,"task":{}})").starts_with("/task/tool: "));
  CHECK(refusal(R"({"at":1,"task":{"tool":"a","agent":"b"}})").starts_with("/task/agent: "));
  CHECK(refusal(R"({"after_ms":-1,"task":{"tool":"a"}})").starts_with("/after_ms: "));
  CHECK(refusal(R"({"at":1,"task":{"tool":"a","key":"k"}})").starts_with("/task"));
}

TEST_CASE("a schedule is shown as it was asked for", "[api]") {
  const auto view = view_of({.name = "n",
                             .request = {.target = "agent:documents"},
                             .cron = "@daily",
                             .next_due = 86'400'000,
                             .runs = 3});
  CHECK(view.task.agent == "documents");
  CHECK_FALSE(view.task.tool);
  CHECK(view.cron == "@daily");
  CHECK(view.next_due_utc == "1970-01-02T00:00:00Z");
  CHECK_FALSE(view.last_task);
  const auto once = view_of({.request = {.target = "crunch"}});
  CHECK(once.task.tool == "crunch");
  CHECK(once.task.arguments.text == "{}");
  CHECK_FALSE(once.cron);
  const auto read = from_json<schedule_view>(to_json(view));
  REQUIRE(read);
  CHECK(read->runs == 3);
}
