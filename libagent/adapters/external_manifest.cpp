#include "libagent/adapters/external_manifest.hpp"

#include "libagent/adapters/text_file.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t manifest_bytes_max = 1U << 20U;

/// A manifest as it is written.
struct external_manifest {
  std::string name;
  std::string description;
  std::vector<std::string> command;
  raw_json input_schema;
  raw_json output_schema;
  lane tool_lane = lane::batch;
  effects tool_effects = effects::idempotent;
  work_bound bound = work_bound::cpu;
  std::chrono::milliseconds timeout{30'000};
  std::chrono::milliseconds cache_ttl{0};
  std::uint64_t memory_bytes = 0;
  std::vector<std::string> environment;
  process_limits limits;
  bool network = true;
  bool restrict_files = true;
  bool restrict_calls = true;
  bool require_sandbox = false;
  std::vector<std::string> readable;
  std::vector<std::string> writable;
  std::uint64_t output_bytes_max = std::uint64_t{8} << 20U;
};

template <class Inspector>
bool inspect(Inspector& f, external_manifest& x) {
  const external_manifest usual;
  return record(
      f, x, "external_tool", field("name", "Its name.", x.name),
      field("description", "What it does, in one or two sentences.", x.description),
      field("command", "Program and arguments.", x.command).max_size(256),
      field("input_schema", "JSON Schema of the arguments.", x.input_schema)
          .fallback(raw_json{R"({"type":"object"})"}),
      field("output_schema", "JSON Schema of the result.", x.output_schema)
          .fallback(raw_json{"{}"}),
      field("lane", "interactive or batch.", x.tool_lane).fallback(lane{usual.tool_lane}),
      field("effects", "What running it twice would mean.", x.tool_effects)
          .fallback(effects{usual.tool_effects}),
      field("bound", "What it spends its time on.", x.bound).fallback(work_bound{usual.bound}),
      field("timeout_ms", "How long a run may take.", x.timeout)
          .fallback(std::chrono::milliseconds{usual.timeout}),
      field("cache_ttl_ms", "How long an answer may be served again.", x.cache_ttl)
          .fallback(std::chrono::milliseconds{usual.cache_ttl}),
      field("memory_bytes", "Memory to reserve for a run.", x.memory_bytes)
          .fallback(std::uint64_t{usual.memory_bytes}),
      field("environment", "Names of variables that it may see.", x.environment)
          .fallback(std::vector<std::string>{}),
      field("limits", "What a process of it may take.", x.limits).fallback(process_limits{}),
      field("network", "Whether it may use the network.", x.network).fallback(true),
      field("restrict_files", "Whether it reaches the named files only.", x.restrict_files)
          .fallback(true),
      field("restrict_calls", "Whether dangerous system calls are refused.", x.restrict_calls)
          .fallback(true),
      field("require_sandbox", "Do not load where something cannot be enforced.", x.require_sandbox)
          .fallback(false),
      field("readable", "Files and folders that it may read.", x.readable)
          .fallback(std::vector<std::string>{}),
      field("writable", "Files and folders that it may write.", x.writable)
          .fallback(std::vector<std::string>{}),
      field("output_bytes_max", "Size of its result.", x.output_bytes_max)
          .range(1, double{16U << 20U})
          .fallback(std::uint64_t{usual.output_bytes_max}));
}

std::string from_folder(const std::string& word, const fs::path& folder) {
  const bool is_path = word.starts_with("./") || word.starts_with("../");
  return is_path ? (folder / word).lexically_normal().string() : word;
}

std::vector<std::string> all_from_folder(const std::vector<std::string>& words,
                                         const fs::path& folder) {
  std::vector<std::string> paths;
  std::ranges::transform(words, std::back_inserter(paths),
                         [&folder](const auto& word) { return from_folder(word, folder); });
  return paths;
}

sandbox_options sandbox_of(const external_manifest& read, const fs::path& folder) {
  sandbox_options sandbox{.restrict_files = read.restrict_files,
                          .readable = all_from_folder(read.readable, folder),
                          .writable = all_from_folder(read.writable, folder),
                          .restrict_calls = read.restrict_calls,
                          .network = read.network,
                          .required = read.require_sandbox};
  sandbox.readable.push_back(folder.string());
  return sandbox;
}

expected<std::vector<fs::path>> manifests_in(const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{folder, failed}) {
    if (entry.path().extension() == ".json")
      files.push_back(entry.path());
  }
  if (failed)
    return error{errc::io_failed, "list " + folder.string() + ": " + failed.message()};
  std::ranges::sort(files);
  return files;
}

expected<std::shared_ptr<tool>> load_external_tool(
    const fs::path& file, const std::shared_ptr<external_tool_host>& host) {
  const auto text = read_text_file(file, manifest_bytes_max);
  if (!text)
    return text.error();
  auto spec = read_external_manifest(*text, file.parent_path());
  if (!spec)
    return error{spec.error().code, "load " + file.string() + ": " + spec.error().context};
  auto made = make_external_tool(*std::move(spec), host);
  if (!made)
    return error{made.error().code, "load " + file.string() + ": " + made.error().context};
  return made;
}

}  // namespace

expected<external_tool_spec> read_external_manifest(std::string_view json, const fs::path& folder) {
  auto read = from_json<external_manifest>(json);
  if (!read)
    return read.error();
  if (read->command.empty())
    return error{errc::invalid_argument, "/command: it is empty, expected a program"};
  if (read->timeout.count() <= 0)
    return error{errc::invalid_argument, "/timeout_ms: expected more than 0"};
  external_tool_spec spec{.spec = {.name = read->name,
                                   .description = read->description,
                                   .tool_lane = read->tool_lane,
                                   .tool_isolation = isolation::process,
                                   .tool_effects = read->tool_effects,
                                   .timeout = read->timeout,
                                   .cache_ttl = read->cache_ttl,
                                   .bound = read->bound,
                                   .memory_bytes = read->memory_bytes},
                          .command = all_from_folder(read->command, folder),
                          .input_schema = std::move(read->input_schema.text),
                          .output_schema = std::move(read->output_schema.text),
                          .environment = read->environment,
                          .limits = read->limits,
                          .sandbox = sandbox_of(*read, folder)};
  spec.output_bytes_max = static_cast<std::size_t>(read->output_bytes_max);
  return spec;
}

expected<std::vector<std::shared_ptr<tool>>> load_external_tools(
    const fs::path& folder, const std::shared_ptr<external_tool_host>& host) {
  std::error_code failed;
  const auto files = manifests_in(fs::absolute(folder, failed));
  if (!files)
    return files.error();
  std::vector<std::shared_ptr<tool>> tools;
  for (const auto& file : *files) {
    auto made = load_external_tool(file, host);
    if (!made)
      return made.error();
    const auto& name = (*made)->spec().name;
    if (std::ranges::any_of(tools, [&name](const auto& one) { return one->spec().name == name; })) {
      return error{errc::already_exists,
                   "load " + file.string() + ": another file has a tool named " + name};
    }
    tools.push_back(*std::move(made));
  }
  return tools;
}

}  // namespace libagent
