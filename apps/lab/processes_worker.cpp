#include "apps/lab/processes.hpp"
#include "apps/lab/processes_tools.hpp"
#include "libagent/adapters/worker_server.hpp"

#include <csignal>
#include <iostream>
#include <memory>
#include <utility>

namespace libagent::lab {

namespace {

class lab_tool final : public tool {
public:
  using body = expected<std::string> (*)(const std::string&, const tool_context&);

  lab_tool(std::string name, body does)
      : spec_{.name = std::move(name), .description = "For the experiment."}, run_{does} {
    spec_.tool_isolation = isolation::thread;
  }

  [[nodiscard]] const tool_spec& spec() const override { return spec_; }

  [[nodiscard]] const std::string& input_schema() const override { return schema_; }

  [[nodiscard]] const std::string& output_schema() const override { return schema_; }

  [[nodiscard]] expected<void> check(const std::string&) const override { return {}; }

  [[nodiscard]] expected<std::string> run(const std::string& arguments_json,
                                          const tool_context& context) override {
    return run_(arguments_json, context);
  }

private:
  tool_spec spec_;
  std::string schema_ = "{}";
  body run_;
};

expected<std::string> return_arguments(const std::string& arguments, const tool_context&) {
  return arguments;
}

/// Computes until it is told to stop.
expected<std::string> obey_the_stop(const std::string&, const tool_context& context) {
  context.progress(0, "under way");
  while (!context.stop.stop_requested()) {
  }
  return error{errc::cancelled, "stopped"};
}

/// Computes for ever; only a signal ends it.
expected<std::string> hang(const std::string&, const tool_context& context) {
  context.progress(0, "under way");
  volatile bool for_ever = true;
  while (for_ever) {
  }
  return error{errc::internal, "hang: it ended"};
}

/// The same, and SIGTERM does not end it either.
expected<std::string> hang_deafly(const std::string& arguments, const tool_context& context) {
  std::signal(SIGTERM, SIG_IGN);
  return hang(arguments, context);
}

}  // namespace

tool_registry processes_tools() {
  tool_registry tools;
  const auto add = [&tools](const char* name, lab_tool::body run) {
    if (auto added = tools.add(std::make_shared<lab_tool>(name, run)); !added)
      std::cerr << "agent-lab: " << to_string(added.error()) << '\n';
  };
  add("echo", return_arguments);
  add("obey", obey_the_stop);
  add("hang", hang);
  add("hang_deafly", hang_deafly);
  return tools;
}

int run_tool_worker() {
  const auto channel = take_standard_streams();
  if (!channel) {
    std::cerr << "agent-lab: " << to_string(channel.error()) << '\n';
    return 1;
  }
  return serve_worker(*channel, processes_tools());
}

}  // namespace libagent::lab
