#include "actors/task_executor.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/cache/cache_key.hpp"
#include "libagent/cache/negative_cache.hpp"
#include "libagent/cache/siphash.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

/// What asking the cache takes, and being woken by its answer.
constexpr auto cheaper_than_asking = std::chrono::microseconds{50};

cache_use use_of(cache_outcome outcome, std::chrono::milliseconds age = {}) {
  return {.outcome = std::string{name_of(outcome)}, .age = age};
}

/// The schemas stand for the tool's version: a tool that means something else looks different.
expected<std::string> key_of(const tool& what, std::string_view arguments) {
  siphash_2_4 schemas{hash_key{}};
  schemas.update(what.input_schema()).update(what.output_schema());
  const auto version = std::to_string(schemas.digest());
  return tool_cache_key(
      {.name = what.spec().name, .version = version, .arguments_json = arguments});
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
  if (is_worth_caching(item.what->spec()))
    return ask_cache(item);
  run_and_answer(item);
}

bool task_executor::is_worth_caching(const tool_spec& spec) const {
  if (spec.cache_ttl.count() > 0)
    return true;
  if (spec.tool_effects != effects::pure)
    return false;
  const auto known = usual_time_.find(spec.name);
  return known == usual_time_.end() || known->second > cheaper_than_asking;
}

void task_executor::run_and_answer(const work_item& item) {
  answer(item, run(item));
}

void task_executor::ask_cache(const work_item& item) {
  auto key = key_of(*item.what, *item.arguments);
  cache_lease lease{.item = item};
  if (key) {
    lease.name.key = *std::move(key);
    lease.cache = find<cache_actor>(self_->system(), options_.cache.path_of(lease.name));
  }
  if (!lease.cache)
    return run_and_answer(item);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(item.deadline - now());
  self_
      ->request<caf::message_priority::high>(lease.cache, caf::infinite, acquire_atom_v,
                                             cache_ask{.name = lease.name, .limit = left})
      .then(
          [this, lease](const cache_answer& found) mutable {
            lease.token = found.token;
            on_cache_answer(lease, found);
          },
          [this, lease](const caf::error& why) {
            // The same call failed just before, and would fail again.
            if (auto known = from_caf_error(why); negative_cache::is_deterministic(known.code))
              return answer(lease.item, std::move(known));
            // A cache that is down or full must not fail a task that can do without it.
            run_and_answer(lease.item);
          });
}

void task_executor::on_cache_answer(const cache_lease& lease, const cache_answer& found) {
  if (found.verdict == cache_verdict::compute)
    return compute(lease);
  answer(lease.item, found.value.str(), use_of(found.outcome, found.age));
  if (lease.token != 0)
    refresh(lease);
}

void task_executor::compute(const cache_lease& lease) {
  auto outcome = run_for(lease);
  if (outcome)
    return answer(lease.item, std::move(outcome), use_of(cache_outcome::miss));
  self_
      ->request<caf::message_priority::high>(lease.cache, caf::infinite, abandon_atom_v, lease.name,
                                             lease.token, outcome.error())
      .then(
          [this, item = lease.item, why = outcome.error()](const cache_regret& regret) {
            if (regret.stale)
              return answer(item, regret.stale->str(), use_of(cache_outcome::stale));
            answer(item, why);
          },
          [this, item = lease.item, why = outcome.error()](const caf::error&) {
            answer(item, why);
          });
}

void task_executor::refresh(const cache_lease& lease) {
  if (const auto outcome = run_for(lease); !outcome) {
    caf::anon_send<caf::message_priority::high>(lease.cache, abandon_atom_v, lease.name,
                                                lease.token, outcome.error());
  }
}

/// Runs the tool; a result goes into the cache.
expected<std::string> task_executor::run_for(const cache_lease& lease) {
  const auto begun = now();
  auto outcome = run(lease.item);
  const auto took = now() - begun;
  usual_time_[lease.item.what->spec().name] = took;
  if (outcome) {
    cache_fill fill{.value = shared_text{*outcome}, .ttl = lease.item.what->spec().cache_ttl};
    fill.saving.compute_time = took;
    caf::anon_send<caf::message_priority::high>(lease.cache, fulfil_atom_v, lease.name, lease.token,
                                                std::move(fill));
  }
  return outcome;
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

void task_executor::answer(const work_item& item, expected<std::string> outcome,
                           std::optional<cache_use> use) {
  work_outcome sent{.cache = std::move(use)};
  if (outcome) {
    sent.result = raw_json{std::move(*outcome)};
  } else {
    sent.failure = std::move(outcome.error());
  }
  caf::anon_send<caf::message_priority::high>(dispatcher_, done_atom_v, item.id, item.attempt,
                                              std::move(sent));
}

}  // namespace libagent::actors
