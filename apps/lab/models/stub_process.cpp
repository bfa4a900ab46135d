#include "apps/lab/models/stub_process.hpp"

namespace libagent::lab {

expected<node_under_test> start_stub_process(const std::vector<std::string>& flags) {
  node_command command{.program = {"/proc/self/exe", "model-server"}, .log = "/dev/null"};
  command.program.insert(command.program.end(), flags.begin(), flags.end());
  auto started = node_under_test::start(command, std::chrono::seconds{10});
  if (started && started->has_ended())
    return error{errc::unavailable, "start the model server: it ended at once"};
  return started;
}

}  // namespace libagent::lab
