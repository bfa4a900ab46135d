#include "libagent/adapters/external_tool.hpp"

#include "libagent/adapters/child_environment.hpp"
#include "libagent/adapters/external_input.hpp"
#include "libagent/adapters/external_run.hpp"
#include "libagent/base/contract.hpp"

#include <cstdio>
#include <utility>

namespace libagent {

namespace {

class external_tool final : public tool {
public:
  external_tool(external_tool_spec spec, external_input input,
                std::shared_ptr<external_tool_host> host)
      : spec_{std::move(spec)},
        input_{std::move(input)},
        host_{std::move(host)},
        environment_{host_->environment_for(spec_.environment)} {}

  [[nodiscard]] const tool_spec& spec() const override { return spec_.spec; }

  [[nodiscard]] const std::string& input_schema() const override { return spec_.input_schema; }

  [[nodiscard]] const std::string& output_schema() const override { return spec_.output_schema; }

  [[nodiscard]] expected<void> check(const std::string& arguments_json) const override {
    return input_.check(arguments_json);
  }

  [[nodiscard]] expected<std::string> run(const std::string& arguments_json,
                                          const tool_context& context) override {
    if (auto fits = check(arguments_json); !fits)
      return fits.error();
    external_run run{
        {.spec = spec_, .environment = environment_, .on_error_line = host_->on_error_line()},
        context};
    return run.run(host_->processes(), arguments_json);
  }

private:
  const external_tool_spec spec_;
  const external_input input_;
  const std::shared_ptr<external_tool_host> host_;
  const std::vector<std::string> environment_;
};

}  // namespace

external_tool_host::external_tool_host(external_tool_options options,
                                       std::shared_ptr<process_host> processes)
    : options_{std::move(options)}, processes_{std::move(processes)} {
  if (!options_.on_error_line) {
    options_.on_error_line = [](const std::string& line) {
      std::fprintf(stderr, "%s\n", line.c_str());
    };
  }
}

expected<std::shared_ptr<external_tool_host>> external_tool_host::open(
    external_tool_options options) {
  auto processes = process_host::open(options.policy, options.nice, options.work_dir);
  if (!processes)
    return processes.error();
  return std::shared_ptr<external_tool_host>{
      new external_tool_host{std::move(options), *std::move(processes)}};
}

std::vector<std::string> external_tool_host::environment_for(
    const std::vector<std::string>& names) const {
  return allowed_environment(options_.environment, names);
}

expected<std::shared_ptr<tool>> make_external_tool(external_tool_spec spec,
                                                   std::shared_ptr<external_tool_host> host) {
  LIBAGENT_EXPECTS(host != nullptr);
  const auto what = "make external tool " + spec.spec.name + ": ";
  if (spec.command.empty() || spec.command.front().empty())
    return error{errc::invalid_argument, what + "its command is empty"};
  if (auto sound = check_sandbox(spec.sandbox); !sound)
    return error{sound.error().code, what + sound.error().context};
  auto input = external_input::make(spec.input_schema);
  if (!input)
    return error{input.error().code, what + "input schema: " + input.error().context};
  if (auto output = external_input::make(spec.output_schema); !output)
    return error{output.error().code, what + "output schema: " + output.error().context};
  spec.spec.tool_isolation = isolation::process;
  return std::shared_ptr<tool>{
      std::make_shared<external_tool>(std::move(spec), *std::move(input), std::move(host))};
}

}  // namespace libagent
