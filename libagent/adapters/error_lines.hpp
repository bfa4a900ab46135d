#pragma once

#include "libagent/adapters/line_buffer.hpp"
#include "libagent/adapters/owned_descriptor.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace libagent {

/// What a process prints to standard error, line by line, with bounds: 1 KiB a line, a thousand
/// lines a run. Thread safety: none.
class error_lines {
public:
  using line_taker = std::function<void(const std::string& line)>;

  /// @param taker gets "NAME: line"; never empty.
  explicit error_lines(line_taker taker);

  void read_from(owned_descriptor end, std::string name);

  [[nodiscard]] int descriptor() const { return end_.get(); }

  /// Takes what is there now. Lines for which `heed` returns true are not passed on.
  void pass_on(const std::function<bool(const std::string& line)>& heed = nullptr);

  /// The bound of lines starts anew.
  void begin_run();

  /// The last line that was not empty; empty when there was none.
  [[nodiscard]] const std::string& last() const { return last_; }

private:
  using line_filter = std::function<bool(const std::string& line)>;
  void take(std::string line, const line_filter& heed);

  line_taker taker_;
  std::string name_;
  owned_descriptor end_;
  line_buffer buffer_;
  std::string last_;
  std::size_t shown_ = 0;
};

}  // namespace libagent
