#pragma once

#include "libagent/adapters/error_lines.hpp"
#include "libagent/adapters/external_tool.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/supervised_process.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/tool.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace libagent {

/// What a run of an external tool needs of the tool; all of it outlives the run.
struct external_run_parts {
  const external_tool_spec& spec;
  const std::vector<std::string>& environment;
  const std::function<void(const std::string& line)>& on_error_line;
};

/// One run of an external tool, from the start of its program to its outcome. Used once, on the
/// thread that waits for it.
class external_run {
public:
  /// @param context is only read, and outlives this.
  external_run(const external_run_parts& parts, const tool_context& context);

  /// Errors: see `make_external_tool`. When it returns the program is gone, with all it started.
  [[nodiscard]] expected<std::string> run(process_host& host, const std::string& arguments_json);

private:
  [[nodiscard]] expected<void> start(process_host& host, const std::string& arguments_json);
  [[nodiscard]] std::vector<std::string> environment_of_run() const;
  void step(int wake);
  [[nodiscard]] time_point wakes_at() const;
  void heed_time(time_point now);
  void ask_to_stop(time_point now, errc why);
  void take_output();
  void take_errors();
  [[nodiscard]] bool take_progress(const std::string& line) const;
  void conclude();
  [[nodiscard]] error failure(errc code, const std::string& what);
  [[nodiscard]] expected<std::string> outcome_of_output();

  const external_run_parts parts_;
  const tool_context& context_;
  std::unique_ptr<supervised_process> process_;
  owned_descriptor output_end_;
  error_lines errors_;
  std::string output_;
  std::optional<errc> stopped_;  // why it was asked to stop
  std::optional<time_point> terminate_at_;
  std::optional<time_point> kill_at_;
  bool over_ = false;
  std::optional<expected<std::string>> outcome_;
};

}  // namespace libagent
