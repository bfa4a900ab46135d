#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace libagent::lab {

/// The file, in the folder of effects, to which runs of a tool add their lines: "LABEL TASK-ID".
[[nodiscard]] std::filesystem::path effects_file(const std::filesystem::path& folder,
                                                 const std::string& tool);

/// Tools whose every run can be seen afterwards, because it adds a line to a file: `append`,
/// `append_once` (effects `once`), `work_ms`, `fail_some` (its first runs fail with an error that
/// may pass), `crash` (SIGSEGV), `hang` (heeds nothing, in a process), and `parent`, which asks for
/// children that append.
[[nodiscard]] expected<std::shared_ptr<const tool_registry>> make_fault_tools(
    const std::filesystem::path& folder);

/// The like of `append`, `append_once`, `work_ms` and `hang` as programs with manifests, for an
/// agent's `tools.external`. Errors: `io_failed`.
[[nodiscard]] expected<void> write_effect_programs(const std::filesystem::path& to,
                                                   const std::filesystem::path& effects);

}  // namespace libagent::lab
