#pragma once

#include "apps/lab/report.hpp"

#include <functional>
#include <memory>

// NOLINTBEGIN(readability-identifier-naming): CLI11 spells them so
namespace CLI {
class App;
}

// NOLINTEND(readability-identifier-naming)

namespace libagent::lab {

/// The commands that have to do with models, added to the lab's.
class model_commands {
public:
  model_commands();
  model_commands(const model_commands&) = delete;
  model_commands& operator=(const model_commands&) = delete;
  ~model_commands();

  /// `add_common` adds what every experiment takes; what is chosen comes to `choose`.
  void add_to(CLI::App& app, const lab_options& common,
              const std::function<void(CLI::App*)>& add_common,
              const std::function<void(std::function<int()>)>& choose);

private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace libagent::lab
