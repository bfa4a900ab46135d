#pragma once

#include "apps/lab/faults/node_under_test.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace libagent::lab {

/// An agent to declare: what it passes on goes to `model` of the stub model server.
struct door_agent {
  std::string name;
  std::string model;  ///< With its load; see `stub_load_of`.
};

struct door_setup {
  std::filesystem::path program;  ///< The `agent`.
  std::uint16_t model_port = 0;
  std::vector<door_agent> agents;
  std::uint32_t calls_max = 4'096;  ///< Of the provider, at a time.
};

/// CPU time that a process has used so far, in seconds; 0 when unknown.
[[nodiscard]] double cpu_seconds_of(pid_t process);

/// `agent serve` with declared agents on a stub model server, in a folder of its own that goes
/// with it.
class door_process {
public:
  /// Blocking: until it serves. Errors: `errc::io_failed`, and as `node_under_test::start`; with
  /// the end of its log when it ended at once.
  [[nodiscard]] static expected<std::unique_ptr<door_process>> start(const door_setup& setup);

  door_process(const door_process&) = delete;
  door_process& operator=(const door_process&) = delete;
  ~door_process();

  [[nodiscard]] const node_under_test& node() const { return *node_; }

private:
  explicit door_process(std::filesystem::path folder) : folder_{std::move(folder)} {}

  expected<void> open(const door_setup& setup);

  std::filesystem::path folder_;
  std::unique_ptr<node_under_test> node_;
};

}  // namespace libagent::lab
