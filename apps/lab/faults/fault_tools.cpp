#include "apps/lab/faults/fault_tools.hpp"

#include "apps/lab/io_socket.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/record/field.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tools/make_tool.hpp"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <string>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

struct fault_tool_input {
  std::string label;
  std::uint32_t ms = 0;
  std::uint32_t fails = 0;
  std::uint32_t children = 0;
};

template <class Inspector>
bool inspect(Inspector& f, fault_tool_input& x) {
  return record(
      f, x, "fault_tool_input", field("label", "Stands in the line.", x.label),
      field("ms", "How long it takes.", x.ms).fallback(std::uint32_t{0}),
      field("fails", "Runs that fail before one does not.", x.fails).fallback(std::uint32_t{0}),
      field("children", "Children to wait for.", x.children).fallback(std::uint32_t{0}));
}

struct fault_tool_output {
  std::string label;
  std::uint32_t children = 0;
};

template <class Inspector>
bool inspect(Inspector& f, fault_tool_output& x) {
  return record(f, x, "fault_tool_output", field("label", "That of the input.", x.label),
                field("children", "Those that succeeded.", x.children));
}

namespace {

using fault_result = expected<fault_tool_output>;

/// With one write, so that lines of several processes are never mixed.
expected<void> add_line(const std::filesystem::path& file, const std::string& label,
                        const task_id& task) {
  const owned_descriptor out{::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)};
  const auto line = label + " " + to_string(task) + "\n";
  if (!out.is_open() ||
      ::write(out.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return system_error_of("add a line to " + file.string());
  return {};
}

std::uint32_t lines_of(const std::filesystem::path& file, const std::string& label) {
  std::ifstream in{file};
  std::string line;
  std::uint32_t count = 0;
  while (std::getline(in, line))
    count += line.starts_with(label + " ") ? 1U : 0U;
  return count;
}

/// Whether the time passed without a request to stop.
bool wait_unless_stopped(std::uint32_t wait_ms, const tool_context& context) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  (void)changed.wait_for(lock, context.stop, std::chrono::milliseconds{wait_ms},
                         [] { return false; });
  return !context.stop.stop_requested();
}

tool_spec fault_spec(const char* name, lane where, effects what,
                     isolation place = isolation::thread) {
  tool_spec spec{.name = name,
                 .description = "Adds a line to a file, for the experiment with faults.",
                 .tool_lane = where,
                 .tool_isolation = place,
                 .tool_effects = what};
  spec.timeout = std::chrono::minutes{2};
  spec.retry.attempts_max = 5;
  spec.retry.base = std::chrono::milliseconds{20};
  spec.retry.cap = std::chrono::milliseconds{100};
  return spec;
}

std::shared_ptr<tool> appending(const std::filesystem::path& folder, tool_spec spec) {
  const auto file = effects_file(folder, spec.name);
  return make_tool(std::move(spec),
                   [file](const fault_tool_input& in, const tool_context& context) -> fault_result {
                     if (in.ms > 0 && !wait_unless_stopped(in.ms, context))
                       return error{errc::cancelled, "append: stopped"};
                     if (auto done = add_line(file, in.label, context.id); !done)
                       return done.error();
                     return fault_tool_output{.label = in.label};
                   });
}

std::shared_ptr<tool> failing(const std::filesystem::path& folder) {
  const auto file = effects_file(folder, "fail_some");
  return make_tool(fault_spec("fail_some", lane::interactive, effects::idempotent),
                   [file](const fault_tool_input& in, const tool_context& context) -> fault_result {
                     if (auto done = add_line(file, in.label, context.id); !done)
                       return done.error();
                     if (lines_of(file, in.label) <= in.fails)
                       return error{errc::unavailable, "fail some: not this time"};
                     return fault_tool_output{.label = in.label};
                   });
}

std::shared_ptr<tool> crashing(const std::filesystem::path& folder) {
  const auto file = effects_file(folder, "crash");
  return make_tool(fault_spec("crash", lane::batch, effects::idempotent),
                   [file](const fault_tool_input& in, const tool_context& context) -> fault_result {
                     if (auto done = add_line(file, in.label, context.id); !done)
                       return done.error();
                     (void)std::raise(SIGSEGV);
                     return fault_tool_output{.label = in.label};
                   });
}

std::shared_ptr<tool> hanging(const std::filesystem::path& folder) {
  const auto file = effects_file(folder, "hang");
  return make_tool(fault_spec("hang", lane::batch, effects::idempotent, isolation::process),
                   [file](const fault_tool_input& in, const tool_context& context) -> fault_result {
                     if (auto done = add_line(file, in.label, context.id); !done)
                       return done.error();
                     for (;;)
                       (void)::pause();
                   });
}

std::shared_ptr<tool> waiting_for_children(const std::filesystem::path& folder) {
  const auto file = effects_file(folder, "parent");
  return make_tool(
      fault_spec("parent", lane::interactive, effects::idempotent),
      [file](const fault_tool_input& in, const tool_context& context) -> fault_result {
        if (auto done = add_line(file, in.label, context.id); !done)
          return done.error();
        fault_tool_output out{.label = in.label};
        if (context.group) {
          for (const auto& child : context.group->children)
            out.children += child.state == task_state::succeeded ? 1U : 0U;
          return out;
        }
        task_group group;
        for (std::uint32_t i = 0; i < in.children; ++i) {
          const fault_tool_input child{.label = in.label + "." + std::to_string(i), .ms = in.ms};
          group.children.push_back({.target = "append", .arguments = {to_json(child)}});
        }
        context.wait_for(std::move(group));
        return out;
      });
}

}  // namespace

std::filesystem::path effects_file(const std::filesystem::path& folder, const std::string& tool) {
  return folder / (tool + ".txt");
}

expected<std::shared_ptr<const tool_registry>> make_fault_tools(
    const std::filesystem::path& folder) {
  auto tools = std::make_shared<tool_registry>();
  for (const auto& each :
       {appending(folder, fault_spec("append", lane::interactive, effects::idempotent)),
        appending(folder, fault_spec("append_once", lane::interactive, effects::once)),
        appending(folder, fault_spec("work_ms", lane::batch, effects::idempotent)), failing(folder),
        crashing(folder), hanging(folder), waiting_for_children(folder)}) {
    if (auto added = tools->add(each); !added)
      return added.error();
  }
  return std::shared_ptr<const tool_registry>{std::move(tools)};
}

}  // namespace libagent::lab
