#include "apps/lab/models/door_process.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>
#include <stdlib.h>
#include <system_error>
#include <utility>

namespace libagent::lab {

namespace {

constexpr std::chrono::seconds door_patience{20};

error cannot_make(const std::filesystem::path& what) {
  return {errc::io_failed, "make " + what.string() + " for a node"};
}

expected<void> write_json(const std::filesystem::path& file, const nlohmann::ordered_json& value) {
  std::ofstream out{file};
  out << value.dump(2) << '\n';
  return out.flush() ? expected<void>{} : cannot_make(file);
}

std::string last_line_in(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::string last;
  for (std::string line; std::getline(in, line);)
    last = line;
  return last;
}

nlohmann::ordered_json provider_of(const door_setup& setup) {
  return {{"name", "stub"},
          {"url", "http://127.0.0.1:" + std::to_string(setup.model_port) + "/v1"},
          {"calls_max", setup.calls_max},
          {"queue_max", setup.calls_max}};
}

}  // namespace

double cpu_seconds_of(pid_t process) {
  std::ifstream in{"/proc/" + std::to_string(process) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  // The name in parentheses may have blanks; what follows begins with the third field.
  text.erase(0, std::min(text.rfind(')') + 1, text.size()));
  std::istringstream fields{text};
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

expected<std::unique_ptr<door_process>> door_process::start(const door_setup& setup) {
  auto pattern = (std::filesystem::temp_directory_path() / "agent-lab-door-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return cannot_make(pattern);
  std::unique_ptr<door_process> made{new door_process{pattern}};
  if (const auto opened = made->open(setup); !opened)
    return opened.error();
  return made;
}

expected<void> door_process::open(const door_setup& setup) {
  std::error_code failed;
  for (const auto* each : {"agents", "data", "documents"}) {
    std::filesystem::create_directory(folder_ / each, failed);
    if (failed)
      return cannot_make(folder_ / each);
  }
  if (auto written =
          write_json(folder_ / "models.json",
                     {{"providers", nlohmann::ordered_json::array({provider_of(setup)})}});
      !written)
    return written;
  for (const auto& agent : setup.agents) {
    if (auto written = write_json(folder_ / "agents" / (agent.name + ".json"),
                                  {{"name", agent.name},
                                   {"description", "Passes on what the stub says."},
                                   {"model", "stub/" + agent.model}});
        !written)
      return written;
  }
  node_command command{.program = {setup.program.string(), "serve"}, .log = folder_ / "node.log"};
  command.environment = {{"LIBAGENT_HTTP_PORT", "0"},
                         {"LIBAGENT_MODELS_FILE", (folder_ / "models.json").string()},
                         {"LIBAGENT_AGENTS_FOLDER", (folder_ / "agents").string()},
                         {"LIBAGENT_DOCUMENTS_DATA_DIR", (folder_ / "data").string()},
                         {"LIBAGENT_DOCUMENTS_FOLDER", (folder_ / "documents").string()}};
  auto node = node_under_test::start(command, door_patience);
  if (!node)
    return node.error();
  if (node->has_ended()) {
    return error{errc::unavailable, "start a node: it ended at once, " + to_string(node->ending()) +
                                        ": " + last_line_in(folder_ / "node.log")};
  }
  node_ = std::make_unique<node_under_test>(std::move(*node));
  return {};
}

door_process::~door_process() {
  node_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace libagent::lab
