#pragma once

#include "apps/lab/faults/node_under_test.hpp"
#include "apps/lab/faults/seed_plan.hpp"
#include "apps/lab/tcp_proxy.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

/// The agent that a node under test is given, as the target of a task.
inline constexpr const char* errand_target = "agent:errand";
/// Added to an op's label where its agent speaks or acts for it.
inline constexpr const char* errand_suffix = ".agent";

/// The stub model server of a seed, behind a network that can be broken, and the files that let a
/// node use it: a declared agent whose tool `errand` leaves a line. It says what it is asked, so
/// that answers can be told apart.
class model_under_fault {
public:
  /// Errors: as `node_under_test::start` and `tcp_proxy::start`, `io_failed` for the files.
  [[nodiscard]] static expected<std::unique_ptr<model_under_fault>> start(
      const std::filesystem::path& folder, const seed_plan& plan);

  /// For a node that is to use it.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const;

  [[nodiscard]] tcp_proxy& network() { return *network_; }

  /// How often it did wrong so far, by name.
  [[nodiscard]] std::map<std::string, std::uint64_t> faults() const;

private:
  model_under_fault(std::filesystem::path folder, node_under_test server,
                    std::unique_ptr<tcp_proxy> network)
      : folder_{std::move(folder)}, server_{std::move(server)}, network_{std::move(network)} {}

  [[nodiscard]] expected<void> write_files() const;

  std::filesystem::path folder_;
  node_under_test server_;
  std::unique_ptr<tcp_proxy> network_;
};

}  // namespace libagent::lab
