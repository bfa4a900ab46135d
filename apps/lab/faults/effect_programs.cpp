#include "apps/lab/faults/fault_tools.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <system_error>

namespace libagent::lab {

namespace {

/// Called with the file for its line and how it behaves. The shell adds a line with one write.
constexpr const char* effect_script = R"sh(#!/bin/sh
read -r line
label=${line#*\"label\":\"}
label=${label%%\"*}
[ "$2" = long ] && sleep 0.08
printf '%s %s\n' "$label" "$TOOL_TASK_ID" >> "$1" || exit 1
if [ "$2" = hanging ]; then
  trap '' TERM
  while :; do sleep 10; done
fi
printf '{"label":"%s"}\n' "$label"
)sh";

struct effect_program {
  const char* name;
  const char* lane;
  const char* effects;
  const char* behaviour;
  bool has_schema = false;  ///< A model has to know what it takes.
};

constexpr effect_program effect_programs[] = {  // NOLINT(modernize-avoid-c-arrays): size from list
    {.name = "append", .lane = "interactive", .effects = "idempotent", .behaviour = "short"},
    {.name = "append_once", .lane = "interactive", .effects = "once", .behaviour = "short"},
    {.name = "work_ms", .lane = "batch", .effects = "idempotent", .behaviour = "long"},
    {.name = "hang", .lane = "batch", .effects = "idempotent", .behaviour = "hanging"},
    {.name = "errand",
     .lane = "interactive",
     .effects = "once",
     .behaviour = "short",
     .has_schema = true}};

}  // namespace

expected<void> write_effect_programs(const std::filesystem::path& to,
                                     const std::filesystem::path& effects) {
  std::error_code failed;
  std::filesystem::create_directories(to, failed);
  const auto script = to / "effect.sh";
  std::ofstream{script} << effect_script;
  std::filesystem::permissions(script, std::filesystem::perms::owner_all, failed);
  for (const auto& each : effect_programs) {
    const auto lines = effects_file(effects, each.name);
    nlohmann::ordered_json manifest{
        {"name", each.name},
        {"description", "Adds a line to a file, for the experiment with faults."},
        {"command", {"./effect.sh", lines.string(), each.behaviour}},
        {"lane", each.lane},
        {"effects", each.effects},
        {"timeout_ms", 120'000},
        {"writable", {effects.string()}}};
    if (each.has_schema) {
      manifest["input_schema"] = {{"type", "object"},
                                  {"properties", {{"label", {{"type", "string"}}}}},
                                  {"required", {"label"}}};
    }
    std::ofstream out{to / (std::string{each.name} + ".json")};
    if (!(out << manifest.dump(2) << std::flush))
      return error{errc::io_failed, "write a manifest in " + to.string()};
  }
  if (failed)
    return error{errc::io_failed, "make " + script.string() + ": " + failed.message()};
  return {};
}

}  // namespace libagent::lab
