// The half of an executor that serves tools from the cache.

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/task_executor.hpp"
#include "libagent/cache/cache_key.hpp"
#include "libagent/cache/negative_cache.hpp"
#include "libagent/cache/siphash.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <utility>

namespace libagent::actors {

namespace {

/// What asking the cache takes, and being woken by its answer.
constexpr auto cheaper_than_asking = std::chrono::microseconds{50};

cache_use use_of(cache_outcome outcome, std::chrono::milliseconds age = {}) {
  return {.outcome = std::string{name_of(outcome)}, .age = age};
}

/// The schemas stand for the tool's version: a tool that means something else looks different.
std::string version_of(const tool& what) {
  siphash_2_4 schemas{hash_key{}};
  schemas.update(what.input_schema()).update(what.output_schema());
  return std::to_string(schemas.digest());
}

}  // namespace

expected<std::string> task_executor::key_of(const work_item& item) {
  const auto& name = item.what->spec().name;
  auto known = tool_versions_.find(name);
  if (known == tool_versions_.end())
    known = tool_versions_.emplace(name, version_of(*item.what)).first;
  return tool_cache_key(
      {.name = name, .version = known->second, .arguments_json = *item.arguments});
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
  run(item, [this, item](run_result result) { answer(item, std::move(result)); });
}

void task_executor::ask_cache(const work_item& item) {
  auto key = key_of(item);
  cache_lease lease{.item = item};
  if (key) {
    lease.name.key = *std::move(key);
    lease.cache = find<cache_actor>(self_->system(), options_.cache.path_of(lease.name));
  }
  if (!lease.cache)
    return run_and_answer(item);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(item.deadline - now());
  self_
      ->request<urgent>(lease.cache, caf::infinite, acquire_atom_v,
                        cache_ask{.name = lease.name, .limit = left})
      .then(
          [this, lease](const cache_answer& found) mutable {
            lease.token = found.token;
            on_cache_answer(lease, found);
          },
          [this, lease](const caf::error& why) {
            // The same call failed just before, and would fail again.
            if (auto known = from_caf_error(why); negative_cache::is_deterministic(known.code))
              return answer(lease.item, {.outcome = std::move(known)});
            // A cache that is down or full must not fail a task that can do without it.
            run_and_answer(lease.item);
          });
}

void task_executor::on_cache_answer(const cache_lease& lease, const cache_answer& found) {
  if (found.verdict == cache_verdict::compute)
    return compute(lease);
  answer(lease.item, {.outcome = found.value.str()}, use_of(found.outcome, found.age));
  if (lease.token != 0)
    refresh(lease);
}

void task_executor::compute(const cache_lease& lease) {
  run_for(lease, [this, lease](run_result result) {
    if (result.outcome) {
      answer(lease.item, std::move(result), use_of(cache_outcome::miss));
    } else {
      give_up(lease, result);
    }
  });
}

void task_executor::give_up(const cache_lease& lease, const run_result& failed) {
  self_
      ->request<urgent>(lease.cache, caf::infinite, abandon_atom_v, lease.name, lease.token,
                        failed.outcome.error())
      .then(
          [this, item = lease.item, failed](const cache_regret& regret) {
            if (regret.stale) {
              return answer(item, {.outcome = regret.stale->str()}, use_of(cache_outcome::stale));
            }
            answer(item, failed);
          },
          [this, item = lease.item, failed](const caf::error&) { answer(item, failed); });
}

void task_executor::refresh(const cache_lease& lease) {
  run_for(lease, [lease](const run_result& result) {
    if (!result.outcome) {
      caf::anon_send<urgent>(lease.cache, abandon_atom_v, lease.name, lease.token,
                             result.outcome.error());
    }
  });
}

void task_executor::run_for(const cache_lease& lease, then on_end) {
  run(lease.item, [this, lease, on_end = std::move(on_end)](run_result result) {
    const auto took = result.ran.value_or(std::chrono::microseconds{0});
    usual_time_[lease.item.what->spec().name] = took;
    if (std::exchange(result.children, std::nullopt)) {
      result.outcome = error{errc::tool_failed, "run " + lease.item.what->spec().name +
                                                    ": a pure tool cannot wait for children"};
    }
    if (result.outcome) {
      cache_fill fill{.value = shared_text{*result.outcome},
                      .ttl = lease.item.what->spec().cache_ttl};
      fill.saving.compute_time = took;
      caf::anon_send<urgent>(lease.cache, fulfil_atom_v, lease.name, lease.token, std::move(fill));
    }
    on_end(std::move(result));
  });
}

}  // namespace libagent::actors
