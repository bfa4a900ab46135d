#include "apps/lab/overhead_http.hpp"

#include "actors/http_api.hpp"
#include "actors/node.hpp"
#include "apps/lab/http_baseline.hpp"
#include "apps/lab/wrk.hpp"
#include "libagent/adapters/http_server.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace libagent::lab {

namespace {

struct trivial_value {
  std::int64_t value = 0;
};

template <class Inspector>
bool inspect(Inspector& f, trivial_value& x) {
  return record(f, x, "trivial_value", field("value", "Given back.", x.value));
}

constexpr const char* trivial_request =
    R"({"tool":"identity","arguments":{"value":1},"wait":true})";

http_options any_port() {
  return {.port = 0};
}

expected<wrk_result> load_once(std::uint16_t port, std::chrono::seconds length) {
  return run_wrk({.url = "http://127.0.0.1:" + std::to_string(port) + "/v1/tasks",
                  .post_body = trivial_request,
                  .length = length});
}

double median(std::vector<double> sample) {
  return quantiles_of(std::move(sample)).p50;
}

/// Both servers, up at the same time and loaded in turns.
struct contestants {
  std::unique_ptr<actors::node> node;
  std::unique_ptr<http_server> tasks;
  std::unique_ptr<http_server> constant;
  std::uint16_t tasks_port = 0;
  std::uint16_t constant_port = 0;
};

expected<contestants> start_contestants() {
  auto tools = std::make_shared<tool_registry>();
  auto added = tools->add(
      {.name = "identity", .description = "Gives its input back.", .tool_effects = effects::pure},
      [](const trivial_value& in) { return in; });
  if (!added)
    return added.error();
  contestants both;
  auto node = actors::node::start({}, tools, {});
  if (!node)
    return node.error();
  both.node = *std::move(node);
  const auto api =
      std::make_shared<actors::http_api>(both.node->system(), tools, std::vector<agent_info>{});
  both.tasks = make_http_server(any_port(), api);
  both.constant = make_constant_server(any_port());
  const auto tasks_port = both.tasks->start();
  const auto constant_port = both.constant->start();
  if (!tasks_port || !constant_port)
    return error{errc::io_failed, "listen for the HTTP comparison"};
  both.tasks_port = *tasks_port;
  both.constant_port = *constant_port;
  return both;
}

}  // namespace

void measure_http(report& into, const lab_options& options) {
  announce("HTTP: wrk -t1 -c64 against both servers in turns");
  const auto both = start_contestants();
  if (!both)
    return into.add_note(to_string(both.error()));
  const auto length = std::chrono::seconds{options.quick ? 1 : 5};
  const int rounds = options.quick ? 1 : 5;
  std::vector<double> constant;
  std::vector<double> tasks;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    // The same request to both, so that only what answers it differs.
    const auto plain = load_once(both->constant_port, length);
    const auto through = load_once(both->tasks_port, length);
    if (!plain || !through)
      return into.add_note(to_string((plain ? through : plain).error()));
    if (plain->errors + through->errors > 0) {
      into.add_note("a round of HTTP had errors: " +
                    std::to_string(plain->errors + through->errors));
    }
    constant.push_back(plain->requests_per_second);
    tasks.push_back(through->requests_per_second);
    ratios.push_back(through->requests_per_second / plain->requests_per_second);
    into.add_row("HTTP: POST /v1/tasks with wait, wrk -t1 -c64",
                 {{"round", round + 1},
                  {"constant req/s", constant.back()},
                  {"tasks req/s", tasks.back()},
                  {"ratio", ratios.back()}});
  }
  into.add_row("HTTP: POST /v1/tasks with wait, wrk -t1 -c64",
               {{"round", "median"},
                {"constant req/s", median(constant)},
                {"tasks req/s", median(tasks)},
                {"ratio", median(ratios)}});
  into.add_aim("HTTP task against a constant answer of the same server", aim_is::at_least, 0.5,
               median(ratios), "of its requests/s");
}

}  // namespace libagent::lab
