#include "actors/task_executor.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/record/canonical_json.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace libagent::actors {

namespace {

/// Same tool and same arguments, whatever their spelling, give the same key.
expected<std::string> cache_key_of(const work_item& item) {
  auto arguments = canonical_json(*item.arguments);
  if (!arguments)
    return arguments.error();
  return item.what->spec().name + " " + *arguments;
}

}  // namespace

task_executor::task_executor(executor_actor::pointer self, executor_options options)
    : self_{self}, options_{std::move(options)} {
  LIBAGENT_EXPECTS(options_.on_thread_start != nullptr);
}

executor_actor::behavior_type task_executor::make_behavior() {
  set_quiet_handlers(self_);
  options_.on_thread_start();
  announce();
  return {[this](execute_atom, const work_item& item) { execute(item); }};
}

void task_executor::announce() {
  using namespace std::chrono_literals;
  dispatcher_ = find<dispatcher_actor>(self_->system(), options_.dispatcher_path);
  if (!dispatcher_) {
    self_->run_delayed(20ms, [this] { announce(); });
    return;
  }
  caf::anon_send<caf::message_priority::high>(
      dispatcher_, ready_atom_v,
      executor_offer{.kind = options_.kind,
                     .who = caf::actor_cast<caf::actor>(self_),
                     .credit = options_.credit,
                     .begun = begun_});
}

time_point task_executor::now() const {
  return self_->clock().now();
}

void task_executor::execute(const work_item& item) {
  begun_->store(item.sequence, std::memory_order_release);
  if (item.what->spec().cache_ttl.count() > 0) {
    if (const auto cache = find<cache_actor>(self_->system(), options_.cache_path))
      return ask_cache(cache, item);
  }
  run_and_answer(item);
}

void task_executor::run_and_answer(const work_item& item) {
  answer(item, run(item));
}

void task_executor::ask_cache(const cache_actor& cache, const work_item& item) {
  auto key = cache_key_of(item);
  if (!key)
    return run_and_answer(item);
  self_
      ->request<caf::message_priority::high>(cache, caf::infinite, acquire_atom_v, *key,
                                             caf::timespan{item.deadline - now()})
      .then(
          [this, cache, item, key = *key](cache_answer& found) {
            if (found.verdict == cache_verdict::hit) {
              answer(item, std::move(found.value));
            } else {
              run_and_publish(cache, item, key, found.token);
            }
          },
          // A cache that is down or full must not fail a task that can do without it.
          [this, item](const caf::error&) { run_and_answer(item); });
}

void task_executor::run_and_publish(const cache_actor& cache, const work_item& item,
                                    const std::string& key, std::uint64_t token) {
  auto outcome = run(item);
  if (outcome) {
    caf::anon_send<caf::message_priority::high>(cache, fulfil_atom_v, key, token, *outcome,
                                                caf::timespan{item.what->spec().cache_ttl});
  } else {
    caf::anon_send<caf::message_priority::high>(cache, abandon_atom_v, key, token, outcome.error());
  }
  answer(item, std::move(outcome));
}

expected<std::string> task_executor::run(const work_item& item) {
  const auto& name = item.what->spec().name;
  if (item.stop.stop_requested())
    return error{errc::cancelled, "run " + name + ": stopped before it began"};
  if (now() >= item.deadline)
    return error{errc::deadline_exceeded, "run " + name + ": the deadline passed before it began"};
  progress_gate gate;
  const tool_context context{.id = item.id,
                             .deadline = item.deadline,
                             .stop = item.stop,
                             .progress = [&](double fraction, std::string message) {
                               report(item, gate, fraction, std::move(message));
                             }};
  auto outcome = [&]() -> expected<std::string> {
    try {
      return item.what->run(*item.arguments, context);
    } catch (const contract_violation&) {
      throw;  // A bug: only this executor dies of it, and its supervisor decides.
    } catch (const std::exception& thrown) {
      return error{errc::tool_failed, name + " threw: " + thrown.what()};
    }
  }();
  if (auto last = gate.take_held_back()) {
    caf::anon_send<caf::message_priority::high>(dispatcher_, progress_atom_v, item.id, item.attempt,
                                                std::move(*last));
  }
  return outcome;
}

void task_executor::report(const work_item& item, progress_gate& gate, double fraction,
                           std::string message) {
  if (auto passed = gate.offer({fraction, std::move(message)}, now())) {
    caf::anon_send<caf::message_priority::high>(dispatcher_, progress_atom_v, item.id, item.attempt,
                                                std::move(*passed));
  }
}

void task_executor::answer(const work_item& item, expected<std::string> outcome) {
  work_outcome sent;
  if (outcome) {
    sent.result = raw_json{std::move(*outcome)};
  } else {
    sent.failure = std::move(outcome.error());
  }
  caf::anon_send<caf::message_priority::high>(dispatcher_, done_atom_v, item.id, item.attempt,
                                              std::move(sent));
}

}  // namespace libagent::actors
