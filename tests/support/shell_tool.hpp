#pragma once

#include "libagent/adapters/external_tool.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// External tools of shell scripts, and what they printed to standard error.
class shell_tools {
public:
  explicit shell_tools(std::vector<std::string> environment = {"PATH=/usr/bin:/bin"}) {
    auto opened = external_tool_host::open(
        {.environment = std::move(environment),
         .work_dir = base_.path(),
         .on_error_line = [this](const std::string& line) { lines_.push_back(line); }});
    REQUIRE(opened);
    host_ = *std::move(opened);
  }

  [[nodiscard]] static external_tool_spec spec_of(const std::string& script) {
    return {.spec = {.name = "script", .description = "For the tests."},
            .command = {"/bin/sh", "-c", script}};
  }

  [[nodiscard]] std::shared_ptr<tool> make(external_tool_spec spec) const {
    auto made = make_external_tool(std::move(spec), host_);
    REQUIRE(made);
    return *std::move(made);
  }

  [[nodiscard]] expected<std::string> run(external_tool_spec spec) const {
    return make(std::move(spec))->run("{}", context());
  }

  [[nodiscard]] expected<std::string> run(const std::string& script) const {
    return run(spec_of(script));
  }

  /// Only failures take as long as that.
  [[nodiscard]] static tool_context context(
      std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
    return {.id = {}, .deadline = std::chrono::steady_clock::now() + timeout, .stop = {}};
  }

  /// Where the working folders are.
  [[nodiscard]] const std::filesystem::path& base() const { return base_.path(); }

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  [[nodiscard]] const std::shared_ptr<external_tool_host>& host() const { return host_; }

private:
  temporary_folder base_;
  std::vector<std::string> lines_;
  std::shared_ptr<external_tool_host> host_;
};

/// How many processes have that text in their command line; dead ones have none.
[[nodiscard]] inline std::size_t processes_with(const std::string& marker) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    std::ifstream in{entry.path() / "cmdline"};
    std::string line;
    std::getline(in, line, '\n');
    count += line.find(marker) == std::string::npos ? 0U : 1U;
  }
  return count;
}

}  // namespace libagent::testing
