#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "actors/submitting.hpp"
#include "apps/lab/child_program.hpp"
#include "apps/lab/level_watch.hpp"
#include "apps/lab/memory_limited.hpp"
#include "apps/lab/memory_load.hpp"
#include "apps/lab/memory_node.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tools/make_tool.hpp"

#include <iostream>
#include <utility>

namespace libagent::lab {

struct hold_request {
  std::int64_t hold_ms = 0;
};

template <class Inspector>
bool inspect(Inspector& f, hold_request& x) {
  return record(f, x, "hold_request", field("hold_ms", "How long memory is kept.", x.hold_ms));
}

struct no_input {
  bool ignored = false;
};

template <class Inspector>
bool inspect(Inspector& f, no_input& x) {
  return record(f, x, "no_input", field("ignored", "Not used.", x.ignored).fallback(false));
}

namespace {

/// Counts one task's ends.
class tallying_observer final : public task_observer {
public:
  tallying_observer(load_tally& tally, load_time intended) : tally_{tally}, intended_{intended} {}

  void on_change(const task_record& record) override {
    if (!std::exchange(is_accepted_, true))
      tally_.note_accepted();
    if (!is_terminal(record.state))
      return;
    if (std::exchange(has_ended_, true)) {
      tally_.note_ended_twice();
    } else {
      tally_.note_ended(record.state, std::chrono::steady_clock::now() - intended_);
    }
  }

  void on_refused(const error& /*why*/) override { tally_.note_refused(); }

private:
  load_tally& tally_;
  load_time intended_;
  bool is_accepted_ = false;
  bool has_ended_ = false;
};

std::shared_ptr<tool> make_holding_tool(const memory_load& load, bool is_declared) {
  return make_tool({.name = is_declared ? "hold_declared" : "hold_hidden",
                    .description = "Writes to memory and keeps it for a while.",
                    .tool_lane = lane::batch,
                    .tool_isolation = isolation::thread,
                    .timeout = load.long_timeout,
                    .memory_bytes = is_declared ? load.task_bytes : 0},
                   [bytes = load.task_bytes](const hold_request& in,
                                             const tool_context& context) -> expected<no_input> {
                     const std::chrono::milliseconds hold{in.hold_ms};
                     if (!keep_memory(bytes, hold, context.stop))
                       return error{errc::cancelled, "keep memory: stopped"};
                     return no_input{};
                   });
}

expected<std::shared_ptr<tool_registry>> make_load_tools(const memory_load& load) {
  auto tools = std::make_shared<tool_registry>();
  const auto brief = make_tool({.name = "brief",
                                .description = "Computes for 50 microseconds.",
                                .timeout = load.short_timeout},
                               [](const no_input& in) {
                                 compute_briefly();
                                 return in;
                               });
  for (const auto& each : {brief, make_holding_tool(load, true), make_holding_tool(load, false)}) {
    if (auto added = tools->add(each); !added)
      return added.error();
  }
  return tools;
}

/// Sends the load's tasks to a node's dispatcher.
class node_driver {
public:
  explicit node_driver(actors::node& node) : node_{node} {}

  void submit(load_tally& tally, lane where, task_request request, load_time intended) {
    tally.note_offered();
    const auto dispatcher =
        actors::find<actors::dispatcher_actor>(node_.system(), actors::dispatcher_path);
    if (!dispatcher) {
      tally.note_refused();
      return;
    }
    actors::send_submit(dispatcher, where, std::move(request),
                        std::make_shared<tallying_observer>(tally, intended));
  }

private:
  actors::node& node_;
};

task_request request_for(const long_task& task) {
  return {.target = task.is_declared ? "hold_declared" : "hold_hidden",
          .arguments = {R"({"hold_ms":)" + std::to_string(task.hold.count()) + "}"}};
}

}  // namespace

int run_limited_child(const lab_options& options, std::uint64_t limit_bytes) {
  const auto load = memory_load_for(options, limit_bytes);
  auto tools = make_load_tools(load);
  if (!tools) {
    std::cerr << to_string(tools.error()) << '\n';
    return 1;
  }
  load_tally shorts;
  load_tally longs;
  auto node = memory_node::start({.workers = load.workers}, *tools);
  if (!node) {
    std::cerr << to_string(node.error()) << '\n';
    return 1;
  }
  level_watch watch{**node};
  const auto tell = [&](bool is_done) {
    tell_parent({{"done", is_done},
                 {"budget MiB", (*node)->budget_bytes() >> 20U},
                 {"short", shorts.to_json_value()},
                 {"long", longs.to_json_value()},
                 {"levels", watch.to_json_value()}});
  };
  node_driver driver{(*node)->get()};
  offer(load, {.submit_short =
                   [&](load_time intended) {
                     driver.submit(shorts, lane::interactive,
                                   {.target = "brief", .arguments = {"{}"}}, intended);
                   },
               .submit_long =
                   [&](const long_task& task, load_time intended) {
                     driver.submit(longs, lane::batch, request_for(task), intended);
                   },
               .every_quarter_second = [&] { tell(false); }});
  const auto stopped = (*node)->get().stop(load.long_timeout + std::chrono::seconds{5});
  tell(true);
  return stopped.drained && stopped.shut_down ? 0 : 1;
}

}  // namespace libagent::lab
