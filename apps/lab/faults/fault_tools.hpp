#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <filesystem>
#include <memory>

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

}  // namespace libagent::lab
