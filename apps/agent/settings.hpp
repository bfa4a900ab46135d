#pragma once

#include "apps/agent/cli.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/agent_options.hpp"

#include <filesystem>

namespace libagent::app {

/// The configuration from file (`--config`, else $LIBAGENT_CONFIG), environment and flags.
/// Errors: `errc::io_failed` for a file that cannot be read; as `load_agent_config` otherwise.
[[nodiscard]] expected<loaded_config> load_settings(const invocation& called);

/// Where indexes are kept: `documents.data-dir`, else the user's data folder
/// ($XDG_DATA_HOME/libagent or ~/.local/share/libagent). Absolute.
[[nodiscard]] std::filesystem::path data_dir(const agent_config& config);

/// The documents' folder, absolute and without symbolic links where it exists.
[[nodiscard]] std::filesystem::path documents_folder(const agent_config& config);

/// The URL of the server that the configuration describes.
[[nodiscard]] std::string server_url(const agent_config& config);

}  // namespace libagent::app
