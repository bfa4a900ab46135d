#pragma once

#include "actors/bridge/directory.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/long_task_worker.hpp"
#include "actors/short_task_handler.hpp"
#include "actors/task_dispatcher.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_tool.hpp"
#include "tests/support/recording_observer.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// Takes items and answers them when the test says so.
struct fake_executor {
  actors::executor_actor who;
  actors::dispatcher_actor dispatcher;
  std::vector<actors::work_item> items;
  std::shared_ptr<actors::executor_activity> activity =
      std::make_shared<actors::executor_activity>();

  void answer(std::size_t index, std::string result) const {
    send(index, {.result = raw_json{std::move(result)}, .failure = {}});
  }

  void fail(std::size_t index, error why) const {
    send(index, {.result = {}, .failure = std::move(why)});
  }

  void report(std::size_t index, double fraction) const {
    const auto& item = items.at(index);
    caf::anon_send<caf::message_priority::high>(dispatcher, actors::progress_atom_v, item.id,
                                                item.attempt, task_progress{fraction, "half"});
  }

private:
  void send(std::size_t index, actors::work_outcome outcome) const {
    const auto& item = items.at(index);
    caf::anon_send<caf::message_priority::high>(dispatcher, actors::done_atom_v, item.id,
                                                item.attempt, std::move(outcome));
  }
};

/// A dispatcher on virtual time, and what to surround it with.
class tasks_fixture : public actor_fixture {
public:
  actors::dispatcher_actor dispatcher;

  ~tasks_fixture() {
    for (const auto& path : published_) {
      actors::retract(system(), path);
    }
  }

  static std::shared_ptr<fake_tool> tool_called(std::string name, fake_tool::body body = {},
                                                lane where = lane::interactive,
                                                isolation kept = isolation::inline_call,
                                                effects what = effects::idempotent) {
    return std::make_shared<fake_tool>(tool_spec{.name = std::move(name),
                                                 .description = "A fake.",
                                                 .tool_lane = where,
                                                 .tool_isolation = kept,
                                                 .tool_effects = what},
                                       std::move(body));
  }

  static task_request request(std::string target, std::string arguments) {
    return {.target = std::move(target), .arguments = {std::move(arguments)}};
  }

  template <class Tool = fake_tool>
  void start(const std::vector<std::shared_ptr<Tool>>& tools,
             actors::dispatcher_options options = {}) {
    options.tools.assign(tools.begin(), tools.end());
    options.unix_time = [this] { return unix_now(); };
    options.random = seeded_random{7};
    dispatcher = spawn<actors::task_dispatcher_impl>(std::move(options));
    publish_as(actors::dispatcher_path, dispatcher);
    run();
  }

  template <class Handle>
  void publish_as(const std::string& path, const Handle& who) {
    actors::publish(system(), path, caf::actor_cast<caf::strong_actor_ptr>(who));
    published_.push_back(path);
  }

  /// Wall-clock time goes with virtual time.
  unix_millis unix_now() {
    return 1'700'000'000'000 +
           std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
  }

  std::vector<actors::executor_actor> add_executors(actors::executor_kind kind, std::size_t count,
                                                    std::uint32_t credit = 1) {
    std::vector<actors::executor_actor> added;
    for (std::size_t i = 0; i < count; ++i) {
      added.push_back(spawn<actors::short_task_handler_impl>(
          actors::executor_options{.kind = kind, .credit = credit}));
    }
    run();
    return added;
  }

  std::shared_ptr<fake_executor> add_fake_executor(actors::executor_kind kind,
                                                   std::uint32_t credit = 1) {
    auto made = std::make_shared<fake_executor>();
    made->dispatcher = dispatcher;
    made->who = spawn(
        [made](actors::executor_actor::pointer self) -> actors::executor_actor::behavior_type {
          actors::set_quiet_handlers(self);
          return {[made](actors::execute_atom, const actors::work_item& item) {
                    made->items.push_back(item);
                  },
                  [](actors::done_atom, std::uint64_t, const actors::work_outcome&) {}};
        });
    caf::anon_send(dispatcher, actors::ready_atom_v,
                   actors::executor_offer{.kind = kind,
                                          .who = caf::actor_cast<caf::actor>(made->who),
                                          .credit = credit,
                                          .activity = made->activity});
    run();
    return made;
  }

  task_id submit(std::string target, std::string arguments) {
    return ask<task_record>(dispatcher, actors::submit_atom_v,
                            request(std::move(target), std::move(arguments)))
        .id;
  }

  void submit_observed(std::string target, std::string arguments, task_observer_ptr observer) {
    caf::anon_send<caf::message_priority::high>(dispatcher, actors::submit_atom_v,
                                                request(std::move(target), std::move(arguments)),
                                                actors::observer_ref{std::move(observer)});
  }

  std::shared_ptr<recording_observer> watch(const task_id& id) {
    auto observer = std::make_shared<recording_observer>();
    caf::anon_send<caf::message_priority::high>(dispatcher, actors::watch_atom_v, id,
                                                actors::observer_ref{observer});
    run();
    return observer;
  }

  task_record run_task(std::string target, std::string arguments) {
    return ask<task_record>(dispatcher, actors::run_atom_v,
                            request(std::move(target), std::move(arguments)));
  }

  task_record lookup(const task_id& id) {
    return ask<task_record>(dispatcher, actors::lookup_atom_v, id);
  }

  task_record cancel(const task_id& id) {
    return ask<task_record>(dispatcher, actors::cancel_atom_v, id, std::string{"by the test"});
  }

  dispatcher_status status() { return ask<dispatcher_status>(dispatcher, actors::status_atom_v); }

private:
  std::vector<std::string> published_;
};

}  // namespace libagent::testing
