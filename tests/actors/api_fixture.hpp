#pragma once

#include "actors/agent.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/gateway.hpp"
#include "actors/http_api.hpp"
#include "actors/journal.hpp"
#include "actors/short_task_handler.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/http/url.hpp"
#include "libagent/tools/tool_registry.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_exchange.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

struct api_number {
  double value = 0;
};

template <class Inspector>
bool inspect(Inspector& f, api_number& x) {
  return record(f, x, "api_number", field("value", "A number.", x.value));
}

class parrot_agent {
public:
  explicit parrot_agent(actors::agent_actor::pointer self) : self_{self} {}

  actors::agent_actor::behavior_type make_behavior() {
    actors::set_quiet_handlers(self_);
    return {[](actors::ask_atom, const agent_question& asked) -> caf::result<agent_answer> {
      if (asked.question == "fail")
        return actors::to_caf_error({errc::tool_failed, "parrot: nothing to say"});
      return agent_answer{.text = asked.question, .model = "parrot"};
    }};
  }

private:
  actors::agent_actor::pointer self_;
};

/// The REST interface on a real dispatcher, handler, gateway and agent, on virtual time.
class api_fixture : public actor_fixture {
public:
  /// `journal` null: the node keeps none.
  explicit api_fixture(const journal_ptr& journal = nullptr) {
    auto tools = std::make_shared<tool_registry>();
    REQUIRE(tools->add({.name = "double", .description = "Doubles a number."},
                       [](const api_number& in) { return api_number{in.value * 2}; }));
    REQUIRE(tools->add(
        {.name = "crunch", .description = "Never gets a worker here.", .tool_lane = lane::batch},
        [](const api_number& in) { return in; }));
    const agent_info parrot{"parrot", "Repeats."};
    const auto access = journal ? std::make_shared<journal_access>(journal) : nullptr;
    if (access)
      start(actors::journal_path,
            spawn<actors::journal_impl>(actors::journal_actor_options{
                .access = access, .unix_time = [this] { return unix_now(); }}));
    start(actors::dispatcher_path, spawn<actors::task_dispatcher_impl>(actors::dispatcher_options{
                                       .tools = tools->list(),
                                       .agents = {parrot},
                                       .limits = {.batch = {.queued_max = 8}},
                                       .journal = access,
                                       .unix_time = [this] { return unix_now(); }}));
    start("tasks/handlers/1", spawn<actors::short_task_handler_impl>());
    start("agents/parrot", actors::make_agent<parrot_agent>("parrot", "Repeats.").spawn(system()));
    start(actors::gateway_path, spawn<actors::gateway_impl>());
    run();
    api = std::make_unique<actors::http_api>(system(), tools, std::vector{parrot});
  }

  /// Wall-clock time goes with virtual time.
  unix_millis unix_now() {
    return 1'700'000'000'000 +
           std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
  }

  template <class Handle>
  void start(const std::string& path, Handle who) {
    actors::publish(system(), path, caf::actor_cast<caf::strong_actor_ptr>(adopt(who)));
    paths.push_back(path);
  }

  ~api_fixture() {
    for (const auto& path : paths)
      actors::retract(system(), path);
  }

  std::shared_ptr<fake_exchange> send(std::string method, const std::string& path,
                                      std::string body = {}) {
    last = std::make_shared<exchange_outcome>();
    auto target = parse_target(path);
    REQUIRE(target);
    auto exchange = std::make_shared<fake_exchange>(http_request{.method = std::move(method),
                                                                 .path = std::move(target->path),
                                                                 .query = std::move(target->query),
                                                                 .headers = headers,
                                                                 .body = std::move(body),
                                                                 .client_address = "192.0.2.1"},
                                                    last);
    api->handle(exchange);
    run();
    return exchange;
  }

  nlohmann::json call(std::string method, const std::string& path, std::string body = {}) {
    (void)send(std::move(method), path, std::move(body));
    REQUIRE(last->response);
    return nlohmann::json::parse(last->response->body, nullptr, false);
  }

  [[nodiscard]] int status() const { return last->response->status; }

  std::unique_ptr<actors::http_api> api;
  http_headers headers;  ///< Of every request.
  std::shared_ptr<exchange_outcome> last;
  std::vector<std::string> paths;
};

}  // namespace libagent::testing
