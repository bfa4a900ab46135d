#pragma once

#include "libagent/tasks/task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace libagent::testing {

/// Notes all that it hears.
class recording_observer final : public task_observer {
public:
  void on_change(const task_record& record) override { seen.push_back(record); }

  void on_refused(const error& why) override { refusal = why; }

  /// The states it heard, for example "queued running succeeded".
  [[nodiscard]] std::string states() const {
    std::string text;
    for (const auto& record : seen) {
      if (!text.empty()) {
        text += ' ';
      }
      text += name_of(record.state);
    }
    return text;
  }

  std::vector<task_record> seen;
  std::optional<error> refusal;
};

}  // namespace libagent::testing
