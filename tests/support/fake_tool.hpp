#pragma once

#include "libagent/ports/tool.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace libagent::testing {

/// A tool whose behaviour a test writes as a lambda. Arguments `{"bad":...}` are refused.
class fake_tool final : public tool {
public:
  using body = std::function<expected<std::string>(const std::string&, const tool_context&)>;

  explicit fake_tool(tool_spec spec, body run = {})
      : spec_{std::move(spec)}, run_{std::move(run)} {}

  [[nodiscard]] const tool_spec& spec() const override { return spec_; }

  [[nodiscard]] const std::string& input_schema() const override { return schema_; }

  [[nodiscard]] const std::string& output_schema() const override { return schema_; }

  [[nodiscard]] expected<void> check(const std::string& arguments_json) const override {
    if (arguments_json.starts_with("{\"bad\"")) {
      return error{errc::invalid_argument, "/bad: unknown field"};
    }
    return {};
  }

  /// Without a body it echoes its arguments.
  [[nodiscard]] expected<std::string> run(const std::string& arguments_json,
                                          const tool_context& context) override {
    ++runs_;
    return run_ ? run_(arguments_json, context) : arguments_json;
  }

  [[nodiscard]] std::size_t runs() const { return runs_; }

private:
  tool_spec spec_;
  body run_;
  std::string schema_ = "{}";
  std::atomic<std::size_t> runs_ = 0;
};

}  // namespace libagent::testing
