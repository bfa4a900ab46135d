#include "actors/task_executor.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/tools/hold_memory.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <utility>

namespace libagent::actors {

namespace {

std::chrono::microseconds whole_us(duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

/// While it lives, a crash of this thread is laid at the task's door.
class run_mark {
public:
  run_mark(const executor_options& options, const work_item& item) : options_{options} {
    if (options_.mark_run)
      options_.mark_run(item.id, item.what->spec().name);
  }

  run_mark(const run_mark&) = delete;
  run_mark& operator=(const run_mark&) = delete;

  ~run_mark() {
    if (options_.unmark_run)
      options_.unmark_run();
  }

private:
  const executor_options& options_;
};

}  // namespace

task_executor::task_executor(executor_actor::pointer self, executor_options options)
    : self_{self}, options_{std::move(options)} {
  LIBAGENT_EXPECTS(options_.on_thread_start != nullptr);
}

executor_actor::behavior_type task_executor::make_behavior() {
  set_quiet_handlers(self_);
  options_.on_thread_start();
  announce();
  return {
      [this](execute_atom, const work_item& item) { execute(item); },
      [this](done_atom, std::uint64_t number, work_outcome& outcome) {
        end_async(number, outcome);
      },
  };
}

void task_executor::announce() {
  using namespace std::chrono_literals;
  dispatcher_ = find<dispatcher_actor>(self_->system(), options_.dispatcher_path);
  if (!dispatcher_) {
    self_->run_delayed(20ms, [this] { announce(); });
    return;
  }
  caf::anon_send<urgent>(dispatcher_, ready_atom_v,
                         executor_offer{.kind = options_.kind,
                                        .who = caf::actor_cast<caf::actor>(self_),
                                        .credit = options_.credit,
                                        .activity = activity_});
}

time_point task_executor::now() const {
  return self_->clock().now();
}

void task_executor::execute(const work_item& item) {
  activity_->begun.store(item.sequence, std::memory_order_release);
  if (item.group == nullptr && is_worth_caching(item.what->spec()))
    return ask_cache(item);
  run_and_answer(item);
}

// -- running ----------------------------------------------------------------

void task_executor::run(const work_item& item, then on_end) {
  if (auto why = not_to_begin(item, now()))
    return on_end({.outcome = *std::move(why)});
  const auto begun = make_run(item);
  if (item.what->spec().tool_isolation == isolation::async_call) {
    start_async(begun, std::move(on_end));
  } else {
    run_here(begun, on_end);
  }
}

std::optional<error> task_executor::not_to_begin(const work_item& item, time_point now) {
  const auto& name = item.what->spec().name;
  if (item.stop.stop_requested())
    return error{errc::cancelled, "run " + name + ": stopped before it began"};
  if (now >= item.deadline)
    return error{errc::deadline_exceeded, "run " + name + ": the deadline passed before it began"};
  return std::nullopt;
}

std::shared_ptr<task_executor::tool_run> task_executor::make_run(const work_item& item) {
  auto made = std::make_shared<tool_run>();
  made->item = item;
  made->begun = now();
  auto* const run = made.get();  // The callbacks are members of what they point to.
  made->context = {.id = item.id, .deadline = item.deadline, .stop = item.stop};
  made->context.progress = [run, to = dispatcher_, clock = &self_->clock()](double fraction,
                                                                            std::string message) {
    const std::lock_guard guard{run->mutex};
    if (auto passed = run->gate.offer({fraction, std::move(message)}, clock->now())) {
      caf::anon_send<urgent>(to, progress_atom_v, run->item.id, run->item.attempt,
                             std::move(*passed));
    }
  };
  made->context.enter_phase = [&system = self_->system()](const std::string& phase) {
    if (const auto monitor = find<memory_monitor_actor>(system, memory_monitor_path))
      caf::anon_send<urgent>(monitor, phase_atom_v, phase);
  };
  made->context.wait_for = [run](task_group children) { run->children = std::move(children); };
  if (item.group != nullptr)
    made->context.group = *item.group;
  if (options_.ledger) {
    made->context.reserve = [ledger = options_.ledger](std::uint64_t bytes) {
      return hold_memory(*ledger, bytes);
    };
  }
  return made;
}

template <class Call>
std::chrono::microseconds task_executor::call_watched(const work_item& item, Call call) {
  const auto before = options_.thread_usage ? options_.thread_usage() : thread_usage{};
  const auto begun = now();
  activity_->running_since.store(begun.time_since_epoch().count(), std::memory_order_release);
  {
    const run_mark mark{options_, item};
    call();
  }
  activity_->running_since.store(0, std::memory_order_release);
  const auto took = now() - begun;
  if (!options_.thread_usage)
    return whole_us(took);
  const auto after = options_.thread_usage();
  return whole_us(after.waits > before.waits ? took : after.computing - before.computing);
}

void task_executor::run_here(const std::shared_ptr<tool_run>& begun, const then& on_end) {
  const auto& item = begun->item;
  run_result result{.outcome = std::string{}};
  result.held = call_watched(item, [&] {
    try {
      result.outcome = item.what->run(*item.arguments, begun->context);
    } catch (const contract_violation&) {
      throw;  // A bug: only this executor dies of it, and its supervisor decides.
    } catch (const std::bad_alloc&) {
      result.outcome = out_of_memory(item.what->spec().name);
    } catch (const std::exception& thrown) {
      result.outcome =
          error{errc::tool_failed, item.what->spec().name + " threw: " + thrown.what()};
    }
  });
  result.ran = whole_us(now() - begun->begun);
  result.children = std::move(begun->children);
  flush_progress(*begun);
  on_end(std::move(result));
}

void task_executor::start_async(const std::shared_ptr<tool_run>& begun, then on_end) {
  begun->on_end = std::move(on_end);
  const auto number = ++last_run_;
  waiting_.emplace(number, begun);
  // Weakly: a wait that nobody ends must not keep the executor.
  const auto back = caf::actor_cast<caf::weak_actor_ptr>(self_);
  auto done = [begun, back, number](expected<std::string> outcome) {
    const auto executor = caf::actor_cast<executor_actor>(back);
    if (!executor)
      return;
    work_outcome sent;
    if (outcome) {
      sent.result = raw_json{*std::move(outcome)};
    } else {
      sent.failure = std::move(outcome.error());
    }
    caf::anon_send<urgent>(executor, done_atom_v, number, std::move(sent));
  };
  begun->held = call_watched(begun->item, [&] {
    try {
      begun->item.what->start(*begun->item.arguments, begun->context, done);
    } catch (const contract_violation&) {
      throw;
    } catch (const std::bad_alloc&) {
      done(out_of_memory(begun->item.what->spec().name));
    } catch (const std::exception& thrown) {
      done(error{errc::tool_failed, begun->item.what->spec().name + " threw: " + thrown.what()});
    }
  });
}

void task_executor::end_async(std::uint64_t number, work_outcome& outcome) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end())
    return;
  const auto ended = std::move(found->second);
  waiting_.erase(found);
  flush_progress(*ended);
  run_result result{.outcome = std::string{},
                    .ran = whole_us(now() - ended->begun),
                    .held = ended->held,
                    .children = std::move(ended->children)};
  if (outcome.result) {
    result.outcome = std::move(outcome.result->text);
  } else {
    result.outcome = *std::move(outcome.failure);
  }
  ended->on_end(std::move(result));
}

void task_executor::flush_progress(tool_run& ended) {
  const std::lock_guard guard{ended.mutex};
  if (auto last = ended.gate.take_held_back()) {
    caf::anon_send<urgent>(dispatcher_, progress_atom_v, ended.item.id, ended.item.attempt,
                           std::move(*last));
  }
}

error task_executor::out_of_memory(const std::string& tool_name) {
  if (const auto monitor = find<memory_monitor_actor>(self_->system(), memory_monitor_path))
    caf::anon_send<urgent>(monitor, allocation_failed_atom_v);
  return {errc::overloaded, "run " + tool_name + ": memory ran out"};
}

// -- answering --------------------------------------------------------------

void task_executor::answer(const work_item& item, run_result result, std::optional<cache_use> use) {
  work_outcome sent{.cache = std::move(use),
                    .ran = result.ran,
                    .held = result.held,
                    .children = std::move(result.children)};
  if (result.outcome) {
    sent.result = raw_json{*std::move(result.outcome)};
  } else {
    sent.failure = std::move(result.outcome.error());
  }
  caf::anon_send<urgent>(dispatcher_, done_atom_v, item.id, item.attempt, std::move(sent));
}

}  // namespace libagent::actors
