#pragma once

#include "apps/lab/models/stub_options.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace libagent::lab {

/// The command line of `agent-lab model-server`.
class stub_flags {
public:
  /// Declares them on a command.
  void add_to(CLI::App& command);

  /// What was given. Errors: `errc::invalid_argument` for a fault that there is not.
  [[nodiscard]] expected<stub_options> options() const;

private:
  stub_options options_;
  std::uint32_t think_ms_ = 0;
  std::uint32_t gap_ms_ = 0;
  std::uint32_t retry_after_s_ = 1;
  std::vector<std::string> faults_;
};

/// Serves as the flags say until the process is ended. Returns the exit code.
[[nodiscard]] int run_model_server(const stub_flags& flags);

}  // namespace libagent::lab
